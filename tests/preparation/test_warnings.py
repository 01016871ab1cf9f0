"""What a sweep is told of settings without effect, rates that are never reached, and equal configurations."""

import json

import pytest
from commands import call
from optional_data import skipped_without_data
from tiny import sweep, sweep_file

from sweepgd.lab import Lab
from sweepgd.preparation import prepare, warnings_of
from sweepgd.preparation.course import course_of
from sweepgd.schedules import Schedule
from sweepgd.sweep import bundled, configuration_of, load, points_of, space_of

# Linear regression by SGD on 34 rows, 9 updates an epoch, 45 in all.
BASE = ("space={optimizer='sgd',learning_rate=0.1,batch_size=4}", "budget.epochs=5")


def warnings(*overrides, base=BASE):
    return prepare(sweep(*base, *overrides)).warnings


def test_a_plain_sweep_has_none():
    assert warnings() == []
    assert warnings("space.schedule=['cosine','one_cycle','exponential']", "space.learning_rate={low=1e-3,high=1.0}") == []


# --- Warm-up


def test_a_warm_up_longer_than_the_run():
    [line] = warnings("space.warmup=8")
    assert line == "the warm-up is longer than the run: it takes 72 updates, and the last of 45 has 0.625 of the base rate"


def test_a_schedule_that_a_warm_up_before_it_leaves_no_update():
    asked = ("space.warmup=5", "space.schedule='cosine'", "space.schedule_after_warmup=true")
    [line] = warnings(*asked)
    assert line == "schedule cosine never begins: the warm-up before it takes all 45 updates"


def test_of_several_warm_ups_those_that_are_longer_than_the_run():
    [line] = warnings("space.warmup=[0,2,8,9]")
    assert line.startswith("the warm-up is longer than the run (warmup 8 or 9): for example, it takes 72 updates")


def test_of_a_range_of_warm_ups_its_ends():
    assert warnings("space.warmup={low=0.0,high=5.0}") == []
    [line] = warnings("space.warmup={low=0.0,high=10.0}")
    assert line.startswith("the warm-up is longer than the run (warmup 10): it takes 90 updates")
    [line] = warnings("space.warmup={low=6.0,high=10.0}")
    assert line.startswith("the warm-up is longer than the run: for example, it takes 54 updates")


def test_a_budget_in_updates_has_less_of_a_warm_up_with_small_batches():
    [line] = warnings("space.batch_size=[2,34]", "space.warmup=2", "budget={updates=20}")
    assert line.startswith(
        "the warm-up is longer than the run (batch_size 2): it takes 34 updates, and the last of 20 has 0.588"
    )


def test_a_schedule_times_a_warm_up_never_reaches_the_base_rate():
    [line] = warnings("space.schedule=['constant','cosine']", "space.warmup=[0,1]")
    assert line == (
        "the base rate is never reached (schedule cosine, warmup 1): schedule cosine times a warm-up of 9 updates gives at most"
        " 0.924 of it in 45 updates; with schedule_after_warmup = true it is reached"
    )
    assert warnings("space.schedule='cosine'", "space.warmup=1", "space.schedule_after_warmup=true") == []


# --- Schedules


@pytest.mark.parametrize(
    ("sets", "line"),
    [
        (["space.schedule='inverse_sqrt'"], "schedule inverse_sqrt changes nothing: after = 1000 in 45 updates"),
        (
            ["space.schedule='step'", "schedule.step.after=5"],
            "schedule step changes nothing: after = 5, every = 1, factor = 0.1 in",
        ),
        (["space.schedule='time'"], "schedule time changes the rate by less than 0.1 %: decay = 1e-06 in 45 updates"),
        (
            ["space.schedule='exponential'", "schedule.exponential.factor=1.0"],
            "schedule exponential changes nothing: factor = 1 in",
        ),
        (
            ["space.schedule='polynomial'", "schedule.polynomial.floor=1.0"],
            "schedule polynomial changes nothing: power = 1, floor",
        ),
        (
            ["space.schedule='one_cycle'", "budget={updates=2}"],
            "the base rate is never reached: schedule one_cycle gives at most 0.1 of it in 2 updates",
        ),
        (
            ["space.schedule='one_cycle'", "schedule.one_cycle.final_at_last_update=false", "budget={updates=20}"],
            "schedule one_cycle does not end at its final rate: the last of 20 updates has 0.0505 of the base rate, not 0.001",
        ),
        (
            ["space.batch_schedule='growth'", "batch_schedule.growth.after=5"],
            "batch_schedule growth changes nothing: batches have 4 rows in all of 5 epochs",
        ),
        (
            ["space.batch_size='full'", "space.batch_schedule='growth'"],
            "batch_schedule growth changes nothing: batches have 34",
        ),
    ],
)
def test_a_schedule_that_does_nothing_or_not_what_it_says(sets, line):
    [found] = warnings(*sets)
    assert found.startswith(line)


def test_a_schedule_that_does_nothing_at_some_values():
    values = ("space.schedule=['constant','inverse_sqrt']", "schedule.inverse_sqrt.after=[10,45,60]")
    unchanged, equal = warnings(*values)
    assert unchanged == (
        "schedule inverse_sqrt changes nothing (schedule inverse_sqrt, schedule.inverse_sqrt.after 45 or 60):"
        " for example, after = 45 in 45 updates"
    )
    assert equal.startswith("2 of 4 configurations compute the same as another: schedule constant and schedule inverse_sqrt, ")


def test_an_older_one_cycle_of_a_long_run_ends_near_its_final_rate():
    older = ("space.schedule='one_cycle'", "schedule.one_cycle.final_at_last_update=false")
    assert warnings(*older, "budget={updates=20000}") == []


# --- Evaluations


@pytest.mark.parametrize(
    ("sets", "lines"),
    [
        (["budget.patience=4"], []),
        (["budget.patience=5"], ["budget.patience = 5 ends no run early: after the first there are at most 5 evaluations"]),
        (["budget.patience=14", "budget.eval_every=17"], []),
        (
            ["budget.patience=15", "budget.eval_every=17"],
            ["budget.patience = 15 ends no run early: after the first there are at most 15 evaluations"],
        ),
        (["budget.eval_every=170"], ["budget.eval_every = 170 adds no evaluation: a run has 170 samples"]),
    ],
)
def test_evaluations_that_make_no_difference(sets, lines):
    assert warnings(*sets) == lines


# --- Equal configurations


def test_combinations_that_compute_the_same():
    [line] = warnings(
        "space.warmup=[0,1]", "space.schedule_after_warmup=[false,true]", "space.learning_rate={low=0.1,high=1.0}"
    )
    assert line == (
        "2 of 4 configurations compute the same as another: schedule_after_warmup false and schedule_after_warmup true"
        " where warmup 0"
    )
    [line] = warnings('space.batch_size=[4,34,"full"]')
    assert line == "a configuration computes the same as another: batch_size 34 and batch_size full"


def test_points_that_are_the_same_configuration():
    same = "{optimizer='sgd',learning_rate=0.1}"
    [line] = warnings(f"points=[{same},{{optimizer='sgd',learning_rate=0.2}},{same}]")
    assert line == "a configuration computes the same as another: points 0 and points 2"


def test_a_point_has_faults_of_its_own():
    [line] = warnings("points=[{optimizer='sgd'},{optimizer='sgd',learning_rate=0.2,warmup=6}]")
    assert line.startswith("the warm-up is longer than the run (points 1): it takes 54 updates")


# --- What cannot be judged


def test_a_run_of_unknown_length_is_told_nothing():
    seconds = ("space.warmup=1000", "space.schedule='inverse_sqrt'")
    assert warnings(*seconds, "budget={seconds=1,patience=1000}") == []
    assert len(warnings(*seconds, "budget={seconds=1,length=5,patience=1000}")) == 2


@pytest.mark.parametrize("budget", ["{epochs=1000000}", "{updates=1000000000}", "{samples=1000000000}"])
def test_a_very_long_run_is_told_nothing_and_takes_no_time(budget):
    assert warnings("space.warmup=1", "space.schedule='time'", f"budget={budget}") == []


def test_many_combinations_are_looked_at_by_their_ends():
    factors = [round(0.5 + i / 1000, 3) for i in range(400)]
    given = ("space.schedule='exponential'", f"schedule.exponential.factor={factors}", "space.warmup=[0,1,2,3,9]")
    [line] = warnings(*given)
    assert line.startswith("the warm-up is longer than the run (warmup 9)")


def raising(clock):
    raise ValueError("no such\nfactor")


def test_a_schedule_that_raises_is_told(monkeypatch):
    from sweepgd import registry

    asked = sweep(*BASE)
    space = space_of(asked)
    bad = Schedule("constant", raising, (), needs_length=False, source="", description="")
    find = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: bad if kind == "schedules" else find(kind, name))
    [line] = warnings_of(asked, space, points_of(asked, space), 34)
    assert line.startswith("schedule constant cannot be evaluated: ValueError: no such")
    assert "\n" not in line


# --- The course that is judged is the one that runs


@pytest.mark.parametrize("budget", ["{epochs=3}", "{updates=11}", "{samples=50}"])
@pytest.mark.parametrize("last_batch", ["keep", "drop"])
def test_a_course_is_that_of_the_run(budget, last_batch):
    asked = sweep(
        "space={optimizer='sgd',learning_rate=1.0,batch_size=5,schedule='cosine',warmup=0.7,schedule_after_warmup=true,"
        "batch_schedule='growth'}",
        "batch_schedule.growth={after=1,factor=2.0}",
        f"data.last_batch='{last_batch}'",
        f"budget={budget}",
        "budget.eval_every=1",
    )
    lab = Lab(asked)
    configuration = configuration_of(next(space_of(lab.sweep).grid()))
    course = course_of(configuration, asked.budget, lab.data(0).rows, last_batch)
    run = lab.training(configuration, 0).run()
    assert course.rates.tolist() == [point.learning_rate for point in run.points[1:]]
    assert (course.total, course.samples) == (run.updates, run.samples)
    assert set(course.sizes) <= {5, 10, 20, 34}


@pytest.mark.parametrize("name", sorted(bundled()))
def test_the_bundled_sweeps_have_none_but_for_a_decay_that_does_nothing(name):
    with skipped_without_data():
        lines = prepare(load(name)).warnings
    if name == "keras_sgd":
        decay = [line for line in lines if line.startswith("schedule time changes")]
        assert len(lines) == len(decay) == 2
    else:
        assert lines == []


# --- Where they are said


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


SAID = "warning: the warm-up is longer than the run: it takes "


def test_a_dry_run_and_the_end_of_a_search_say_them(run, tmp_path):
    asked = (sweep_file(tmp_path), "--set", "space.warmup=6", "--set", "space.batch_size=5", "--trials", "1", "--workers", "1")
    dry = run("search", *asked, "--dry-run")
    assert dry.err.splitlines() == [f"{SAID}42 updates, and the last of 14 has 0.333 of the base rate"]
    values = json.loads(run("search", *asked, "--dry-run", "--json").out)
    assert values["warnings"] == [dry.err.splitlines()[0].removeprefix("warning: ")]
    for _ in range(2):  # done already, it says so still
        assert run("search", *asked).err.splitlines()[-1] == dry.err.splitlines()[0]
    assert run("search", *asked, "-q").err == ""


def test_train_says_them_before_it_begins(run):
    said = run("train", "--data", "synthetic_linear", "--model", "linear", "--epochs", "2", "--set", "space.warmup=3").err
    assert said.startswith(f"{SAID}66 updates, and the last of 44 has 0.667")
