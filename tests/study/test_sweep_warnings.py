"""Warnings about settings without effect, rates that are never reached, and equal configurations."""

import pytest
from linear_sweep import sweep
from optional_data import bundled_sweeps, skipped_without_data

from sweepgd.schedules import Schedule
from sweepgd.study.preparation import prepare
from sweepgd.study.sweep_warnings import warnings_of
from sweepgd.sweep import load, points_of, space_of

# Linear regression with SGD on 34 rows: 9 updates an epoch, 45 in total.
BASE = ("space={optimizer='sgd',learning_rate=0.1,batch_size=4}", "budget.epochs=5")


def warnings(*overrides, base=BASE):
    return prepare(sweep(*base, *overrides)).warnings


def test_a_plain_sweep_has_no_warnings():
    assert warnings() == []
    assert warnings("space.schedule=['cosine','one_cycle','exponential']", "space.learning_rate={low=1e-3,high=1.0}") == []


# --- Warm-up


def test_a_warm_up_longer_than_the_run():
    [line] = warnings("space.warmup=8")
    assert (
        line == "the warm-up is longer than the run: it takes 72 updates, and the rate at the last of 45 updates is "
        "0.625 times the base rate"
    )


def test_a_schedule_whose_warm_up_takes_the_whole_run():
    spec = ("space.warmup=5", "space.schedule='cosine'", "space.schedule_after_warmup=true")
    [line] = warnings(*spec)
    assert line == "schedule cosine never begins: the warm-up takes all 45 updates"


def test_the_longer_ones_of_several_warm_ups():
    [line] = warnings("space.warmup=[0,2,8,9]")
    assert line.startswith("the warm-up is longer than the run (warmup 8 or 9): for example, it takes 72 updates")


def test_the_ends_of_a_range_of_warm_ups():
    assert warnings("space.warmup={low=0.0,high=5.0}") == []
    [line] = warnings("space.warmup={low=0.0,high=10.0}")
    assert line.startswith("the warm-up is longer than the run (warmup 10): it takes 90 updates")
    [line] = warnings("space.warmup={low=6.0,high=10.0}")
    assert line.startswith("the warm-up is longer than the run: for example, it takes 54 updates")


def test_a_warm_up_with_small_batches_and_a_budget_in_updates():
    [line] = warnings("space.batch_size=[2,34]", "space.warmup=2", "budget={updates=20}")
    assert line.startswith(
        "the warm-up is longer than the run (batch_size 2): it takes 34 updates, and the rate at the last of 20"
    )


def test_a_schedule_times_a_warm_up_never_reaches_the_base_rate():
    [line] = warnings("space.schedule=['constant','cosine']", "space.warmup=[0,1]")
    assert line == (
        "the base rate is never reached (schedule cosine, warmup 1): schedule cosine with a warm-up of 9 updates gives at most"
        " 0.924 of the base rate in 45 updates; to reach it, set schedule_after_warmup = true"
    )
    assert warnings("space.schedule='cosine'", "space.warmup=1", "space.schedule_after_warmup=true") == []


# --- Schedules


@pytest.mark.parametrize(
    ("sets", "line"),
    [
        (["space.schedule='inverse_sqrt'"], "schedule inverse_sqrt has no effect: after = 1000 in 45 updates"),
        (
            ["space.schedule='step'", "schedule.step.after=5"],
            "schedule step has no effect: after = 5, every = 1, factor = 0.1 in",
        ),
        (["space.schedule='time'"], "schedule time changes the rate by less than 0.1 %: decay = 1e-06 in 45 updates"),
        (
            ["space.schedule='exponential'", "schedule.exponential.factor=1.0"],
            "schedule exponential has no effect: factor = 1 in",
        ),
        (
            ["space.schedule='polynomial'", "schedule.polynomial.floor=1.0"],
            "schedule polynomial has no effect: power = 1, floor",
        ),
        (
            ["space.schedule='one_cycle'", "budget={updates=2}"],
            "the base rate is never reached: schedule one_cycle gives at most 0.1 of the base rate in 2 updates",
        ),
        (
            ["space.schedule='one_cycle'", "schedule.one_cycle.final_at_last_update=false", "budget={updates=20}"],
            "schedule one_cycle does not end at its final rate: the rate at the last of 20 updates is 0.0505 of"
            " the base rate, not 0.001",
        ),
        (
            ["space.batch_schedule='growth'", "batch_schedule.growth.after=5"],
            "batch_schedule growth has no effect: a batch has 4 rows in each of the 5 epochs",
        ),
        (
            ["space.batch_size='full'", "space.batch_schedule='growth'"],
            "batch_schedule growth has no effect: a batch has 34",
        ),
    ],
)
def test_schedules_without_the_specified_effect(sets, line):
    [found] = warnings(*sets)
    assert found.startswith(line)


def test_a_schedule_without_effect_at_some_values():
    values = ("space.schedule=['constant','inverse_sqrt']", "schedule.inverse_sqrt.after=[10,45,60]")
    unchanged, equal = warnings(*values)
    assert unchanged == (
        "schedule inverse_sqrt has no effect (schedule inverse_sqrt, schedule.inverse_sqrt.after 45 or 60):"
        " for example, after = 45 in 45 updates"
    )
    assert equal.startswith(
        "2 of 4 configurations compute the same updates as another one: schedule constant and schedule inverse_sqrt, "
    )


def test_an_older_one_cycle_of_a_long_run_ends_near_its_final_rate():
    older = ("space.schedule='one_cycle'", "schedule.one_cycle.final_at_last_update=false")
    assert warnings(*older, "budget={updates=20000}") == []


# --- Evaluations


@pytest.mark.parametrize(
    ("sets", "lines"),
    [
        (["budget.patience=4"], []),
        (["budget.patience=5"], ["budget.patience = 5 ends no run early: a run has at most 5 evaluations after the first"]),
        (["budget.patience=14", "budget.eval_every=17"], []),
        (
            ["budget.patience=15", "budget.eval_every=17"],
            ["budget.patience = 15 ends no run early: a run has at most 15 evaluations after the first"],
        ),
        (["budget.eval_every=170"], ["budget.eval_every = 170 adds no evaluation: a run has 170 samples"]),
    ],
)
def test_evaluation_settings_without_effect(sets, lines):
    assert warnings(*sets) == lines


# --- Equal configurations


def test_combinations_that_compute_the_same():
    [line] = warnings(
        "space.warmup=[0,1]", "space.schedule_after_warmup=[false,true]", "space.learning_rate={low=0.1,high=1.0}"
    )
    assert line == (
        "2 of 4 configurations compute the same updates as another one: "
        "schedule_after_warmup false and schedule_after_warmup true where warmup 0"
    )
    [line] = warnings('space.batch_size=[4,34,"full"]')
    assert line == "one configuration computes the same updates as another one: batch_size 34 and batch_size full"


def test_points_with_the_same_configuration():
    same = "{optimizer='sgd',learning_rate=0.1}"
    [line] = warnings(f"points=[{same},{{optimizer='sgd',learning_rate=0.2}},{same}]")
    assert line == "one configuration computes the same updates as another one: points 0 and points 2"


def test_a_point_has_its_own_warnings():
    [line] = warnings("points=[{optimizer='sgd'},{optimizer='sgd',learning_rate=0.2,warmup=6}]")
    assert line.startswith("the warm-up is longer than the run (points 1): it takes 54 updates")


# --- Runs that cannot be checked


def test_a_run_of_unknown_length_is_not_checked():
    seconds = ("space.warmup=1000", "space.schedule='inverse_sqrt'")
    assert warnings(*seconds, "budget={seconds=1,patience=1000}") == []
    assert len(warnings(*seconds, "budget={seconds=1,length=5,patience=1000}")) == 2


@pytest.mark.parametrize("budget", ["{epochs=1000000}", "{updates=1000000000}", "{samples=1000000000}"])
def test_a_very_long_run_is_not_checked(budget):
    assert warnings("space.warmup=1", "space.schedule='time'", f"budget={budget}") == []


def test_of_many_combinations_only_the_ends_are_checked():
    factors = [round(0.5 + i / 1000, 3) for i in range(400)]
    given = ("space.schedule='exponential'", f"schedule.exponential.factor={factors}", "space.warmup=[0,1,2,3,9]")
    [line] = warnings(*given)
    assert line.startswith("the warm-up is longer than the run (warmup 9)")


def raising(clock):
    raise ValueError("no such\nfactor")


def test_a_schedule_that_raises_gives_a_warning(monkeypatch):
    from sweepgd.plugins import registry

    spec = sweep(*BASE)
    space = space_of(spec)
    bad = Schedule("constant", raising, (), needs_length=False, source="", description="")
    find = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: bad if kind == "schedules" else find(kind, name))
    [line] = warnings_of(spec, space, points_of(spec, space), 34)
    assert line.startswith("schedule constant cannot be evaluated: ValueError: no such")
    assert "\n" not in line


# --- Bundled sweeps


@pytest.mark.parametrize("name", bundled_sweeps())
def test_bundled_sweeps_have_no_warnings_except_one_decay(name):
    with skipped_without_data():
        lines = prepare(load(name)).warnings
    if name == "keras_sgd":
        decay = [line for line in lines if line.startswith("schedule time ")]
        assert len(lines) == len(decay) == 2
    else:
        assert lines == []
