"""The space of a sweep, its configurations, and its fixed points."""

from itertools import pairwise

import pytest
from linear_sweep import sweep
from sweep.minimal_sweep import BARE, axes, configurations, grid, space

from sweepgd.core.errors import UsageError
from sweepgd.sweep import configuration_of, points_of, space_of
from sweepgd.sweep.configuration import config_id_of
from sweepgd.sweep.space import Axis


def test_a_bare_sweep_searches_the_rate_of_sgd_alone():
    found = axes()
    assert [name for name, axis in found.items() if not axis.fixed] == ["optimizer.sgd.learning_rate"]
    assert found["optimizer"].values == ("sgd",)
    assert found["batch_size"].values == (32,)
    assert found["schedule"].values == found["batch_schedule"].values == ("constant",)


def test_every_axis_follows_the_axis_that_it_depends_on():
    found = space(
        'space.optimizer=["adam","sgd"]', "optimizer.adam.beta1=[0.8,0.9]", 'space.schedule=["constant","step"]',
        "schedule.step.factor=[0.1,0.5]", 'space.batch_schedule="growth"', "batch_schedule.growth.every=2",
    )  # fmt: skip
    names = [axis.name for axis in found.axes]
    for axis in found.axes:
        if axis.when is not None:
            assert names.index(axis.when[0]) < names.index(axis.name)
    assert {axis.name: axis.when for axis in found.axes if axis.when} == {
        "optimizer.adam.learning_rate": ("optimizer", ("adam",)),
        "optimizer.sgd.learning_rate": ("optimizer", ("sgd",)),
        "optimizer.adam.beta1": ("optimizer", ("adam",)),
        "schedule.step.factor": ("schedule", ("step",)),
        "batch_schedule.growth.every": ("batch_schedule", ("growth",)),
    }


def test_the_shared_rate_is_for_optimizers_without_their_own():
    found = axes(
        'space.optimizer=["sgd","adam","rmsprop"]', "space.learning_rate=[0.1,0.2]", "optimizer.adam.learning_rate=0.01"
    )
    assert found["learning_rate"] == Axis("learning_rate", values=(0.1, 0.2), when=("optimizer", ("sgd", "rmsprop")))
    assert found["optimizer.adam.learning_rate"].values == (0.01,)
    assert "optimizer.sgd.learning_rate" not in found


@pytest.mark.parametrize("given", [(), ("space.learning_rate='search'",)])
def test_without_a_rate_each_optimizer_searches_its_own_range(given):
    found = axes('space.optimizer=["sgd","adam"]', *given)
    sgd, adam = found["optimizer.sgd.learning_rate"], found["optimizer.adam.learning_rate"]
    assert sgd.log
    assert adam.log
    assert adam.high < sgd.high
    assert "learning_rate" not in found


def test_batch_sizes_are_numbers_and_full_or_a_range():
    assert axes('space.batch_size=[1,8,"full"]')["batch_size"].values == (1, 8, "full")
    ranged = axes("space.batch_size={low=1,high=8}")["batch_size"]
    assert (ranged.low, ranged.high, ranged.integer) == (1, 8, True)


def test_a_conditional_axis_exists_only_with_its_choice():
    found = grid('space.optimizer=["sgd","momentum"]', "space.learning_rate=0.1", "optimizer.momentum.beta=[0.5,0.9]")
    assert [(each.optimizer, each.hyperparameters) for each in found] == [
        ("sgd", {}), ("momentum", {"beta": 0.5}), ("momentum", {"beta": 0.9}),
    ]  # fmt: skip


def test_a_configuration_has_every_default_written_out():
    (found,) = grid(
        'space.optimizer="adam"', "space.learning_rate=1", 'space.schedule="step"', "schedule.step.every=3",
        "space.warmup=2", "space.weight_decay=0.01", 'space.batch_size="full"',
    )  # fmt: skip
    assert found.learning_rate == 1.0
    assert type(found.learning_rate) is float
    assert found.hyperparameters["beta1"] == 0.9
    assert found.hyperparameters["beta2"] == 0.999
    assert found.schedule_settings["every"] == 3
    assert set(found.schedule_settings) == {"after", "every", "factor"}
    assert (found.batch_size, found.warmup, found.weight_decay) == ("full", 2.0, 0.01)


def test_an_own_rate_and_a_shared_rate_give_the_same_configuration():
    (shared,), (own,) = grid("space.learning_rate=0.1"), grid("optimizer.sgd.learning_rate=0.1")
    assert shared == own
    assert config_id_of(shared.to_json()) == config_id_of(own.to_json())


def test_different_configurations_have_different_ids():
    varied = [
        *grid("space.learning_rate=[0.1,0.2]"), *grid("space.learning_rate=0.1", "space.warmup=1"),
        *grid("space.learning_rate=0.1", "space.weight_decay=0.1"), *grid("space.learning_rate=0.1", "space.batch_size=16"),
    ]  # fmt: skip
    assert len({config_id_of(each.to_json()) for each in varied}) == len(varied)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["space.learning_rate=0"], "learning_rate: a learning rate of 0 learns nothing: give a rate above 0"),
        (["space.learning_rate={low=0.0,high=1.0}"], "a learning rate of 0 learns nothing"),
        (["optimizer.adam.learning_rate=true"], "optimizer.adam.learning_rate = True: give a finite number"),  # without adam
        (["optimizer.sgd.learning_rate=[0.0,1.0]"], "optimizer.sgd.learning_rate: a learning rate of 0 learns nothing"),
        (["space.optimizer=3"], "space.optimizer takes names"),
        (["space.optimizer=[]"], "space.optimizer takes names"),
        (["space.schedule={low=1,high=2}"], "space.schedule takes names"),
        (['space.optimizer=["sgd","sgd"]'], "space.optimizer = ['sgd', 'sgd']: a name occurs twice"),
        (["space.batch_size=[8,8]"], "give at least one value, and none twice"),
        (["space.batch_size=8.0"], "space.batch_size = 8.0: give a whole number"),
        (['space.batch_size="ful"'], "space.batch_size = 'ful': give a whole number"),
        (["optimizer.adma.beta1=0.5"], "unknown optimizer 'adma': did you mean 'adam'?"),
        (["optimizer.adam.beta=0.5"], "unknown key optimizer.adam.beta: did you mean 'beta2'?"),
        (["schedule.steps.every=2"], "unknown schedule 'steps': did you mean 'step'?"),
        (["optimizer.sgd.beta=1"], "unknown key optimizer.sgd.beta: known: none"),
        (['space.optimizer="adam"', "optimizer.adam.beta_1=0.5"], "unknown key optimizer.adam.beta_1: did you mean 'beta1'?"),
    ],
)
def test_a_wrong_space_is_refused_in_one_line(sets, message):
    with pytest.raises(UsageError) as problem:
        space(*sets)
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("where", ["space", "points"])
def test_a_schedule_that_needs_a_length_needs_one_in_a_budget_in_seconds(where):
    text = BARE.replace("epochs = 1", "seconds = 1")
    text += '[space]\nschedule="cosine"\n' if where == "space" else '[[points]]\nschedule="cosine"\n'
    given = sweep(text=text)
    with pytest.raises(UsageError, match=r"schedule 'cosine' needs the length of the run.* set budget\.length"):
        points_of(given, space_of(given))
    declared = sweep("budget.length=5", text=text)
    points_of(declared, space_of(declared))


def test_the_last_axis_of_the_grid_varies_fastest():
    found = grid("space.batch_size=[4,8]", "space.learning_rate=[0.1,0.2]")
    assert [(each.batch_size, each.learning_rate) for each in found] == [(4, 0.1), (4, 0.2), (8, 0.1), (8, 0.2)]
    assert all(one != other for one, other in pairwise(found))


def test_weight_decay_of_the_space_sets_decoupled_decay_where_there_is_one():
    given = ("space.learning_rate=0.1", "space.weight_decay=0.3")
    (adamw,), (sgd,) = (grid(f"space.optimizer='{name}'", *given) for name in ("adamw", "sgd"))
    assert (adamw.hyperparameters["weight_decay"], adamw.weight_decay) == (0.3, 0.0)
    assert ("weight_decay" in sgd.hyperparameters, sgd.weight_decay) == (False, 0.3)


def test_a_weight_decay_given_twice_is_refused():
    with pytest.raises(UsageError, match="are the same setting: give only one of them"):
        grid("space.optimizer='adamw'", "space.weight_decay=0.3", "optimizer.adamw.weight_decay=0.1")


def test_a_setting_with_choices_is_searched_over_them_and_takes_no_range():
    rmsprop = ("space.optimizer='rmsprop'", "space.learning_rate=0.1")
    found = grid(*rmsprop, "optimizer.rmsprop.start_at_gradient='search'")
    assert {each.hyperparameters["start_at_gradient"] for each in found} == {0.0, 1.0}
    with pytest.raises(UsageError, match="give a list of these, not a range"):
        grid(*rmsprop, "optimizer.rmsprop.start_at_gradient={low=0,high=1}")


def test_settings_of_unused_optimizers_and_schedules_are_left_out():
    rate = "space.learning_rate=0.1"
    assert grid(rate, "optimizer.adam.beta1=[0.5,0.9]", "optimizer.adam.learning_rate=1", "schedule.step.every=2") == grid(rate)


def test_schedule_after_warmup_has_no_effect_without_a_warmup():
    found = [
        configuration_of(point)
        for point in space("space.learning_rate=0.1", "space.warmup=[0,2]", "space.schedule_after_warmup=[false,true]").grid()
    ]
    assert [(each.warmup, each.schedule_after_warmup) for each in found] == [(0, False), (0, True), (2, False), (2, True)]
    assert len({config_id_of(each.to_json()) for each in found}) == 3
    assert ["schedule_after_warmup" in each.to_dict() for each in found] == [False, False, False, True]
    [point] = configurations("learning_rate = 0.1\nwarmup = 1.0\nschedule_after_warmup = true")
    assert point.schedule_after_warmup is True
