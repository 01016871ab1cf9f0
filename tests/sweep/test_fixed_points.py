"""The `[[points]]` of a sweep: inherited values, defaults, and the points that are refused."""

import pytest
from sweep.minimal_sweep import axes, configurations, grid, points

from sweepgd.core.errors import UsageError
from sweepgd.sweep.points import optimizer_of


def test_a_point_inherits_what_the_space_fixes():
    sets = (
        'space.optimizer="momentum"', "space.learning_rate=0.2", "space.batch_size=16", 'space.schedule="step"',
        "schedule.step.factor=0.5", "optimizer.momentum.beta=0.7", "space.warmup=1", "space.weight_decay=0.001",
    )  # fmt: skip
    (inherited,) = configurations("", sets=sets)
    (alone,) = grid(*sets)
    assert inherited == alone


def test_a_point_overrides_what_the_space_fixes():
    lines = (
        'optimizer="adam"', "hyperparameters={beta1=0.5}", "learning_rate=0.5", 'batch_size="full"', 'schedule="time"',
        "warmup=3", "weight_decay=0.1",
    )  # fmt: skip
    (found,) = configurations("\n".join(lines), sets=["space.learning_rate=0.2", "space.weight_decay=0.001"])
    assert (found.optimizer, found.learning_rate, found.batch_size) == ("adam", 0.5, "full")
    assert (found.hyperparameters["beta1"], found.hyperparameters["beta2"]) == (0.5, 0.999)
    assert (found.schedule, found.warmup, found.weight_decay) == ("time", 3.0, 0.1)


def test_a_point_has_the_default_of_searched_hyperparameters():
    sets = ['space.optimizer="momentum"', "optimizer.momentum.beta=[0.1,0.2]", "space.batch_size=[8,16]"]
    (found,) = configurations("", sets=sets)
    assert found.hyperparameters == {"beta": 0.9}
    assert found.batch_size == 32
    assert found.learning_rate == optimizer_of("momentum").learning_rate.default


def test_a_point_may_lie_outside_of_the_space():
    (found,) = configurations('optimizer="adam"\nlearning_rate=7.0', sets=["space.learning_rate=[0.1,0.2]"])
    assert (found.optimizer, found.learning_rate) == ("adam", 7.0)


def test_the_fixed_rate_of_the_space_applies_to_an_optimizer_outside_of_it():
    (found,) = configurations('optimizer="adam"', sets=["space.learning_rate=0.2"])
    assert found.learning_rate == 0.2


def test_a_point_prefers_the_own_rate_of_its_optimizer():
    sets = ['space.optimizer=["sgd","adam"]', "space.learning_rate=0.2", "optimizer.adam.learning_rate=0.01"]
    sgd, adam = configurations('optimizer="sgd"', 'optimizer="adam"', sets=sets)
    assert (sgd.learning_rate, adam.learning_rate) == (0.2, 0.01)


@pytest.mark.parametrize("sets", [["space.learning_rate=[0.1,0.2]"], ["optimizer.sgd.learning_rate=[0.1,0.2]"]])
def test_a_point_within_the_space_has_a_value_for_each_of_its_axes(sets):
    (point,) = points("learning_rate=0.1", sets=sets)
    assert {axis.name for axis in axes(*sets).values() if axis.exists(point)} <= set(point)


@pytest.mark.parametrize(
    ("line", "sets", "message"),
    [
        ("batch_size=0", (), 'points[0].batch_size = 0: give a whole number from 1 to the number of training rows, or "full"'),
        ("learning_rate=-1.0", (), "points[0].learning_rate = -1.0: must be at least 0"),
        ("learning_rate=0.0", (), "points[0].learning_rate: a learning rate of 0 learns nothing: give a rate above 0"),
        ("warmup=-1.0", (), "points[0].warmup = -1.0: must be at least 0"),
        ("weight_decay=-1.0", (), "points[0].weight_decay = -1.0: must be at least 0"),
        ('optimizer="adamm"', (), "unknown optimizer 'adamm': did you mean 'adam'?"),
        ('schedule="cosin"', (), "unknown schedule 'cosin': did you mean 'cosine'?"),
        ('batch_schedule="growt"', (), "unknown batch schedule 'growt': did you mean 'growth'?"),
        ("hyperparameters={beta=0.5}", (), "unknown key points[0].hyperparameters.beta: known: none"),
        (
            'schedule="step"\nschedule_settings={evry=2}',
            (),
            "unknown key points[0].schedule_settings.evry: did you mean 'every'?",
        ),
        ("", ('space.optimizer=["sgd","adam"]',), "points[0] names no optimizer, and space.optimizer has several: name one"),
        ("", ('space.schedule=["constant","step"]',), "points[0] names no schedule, and space.schedule has several: name one"),
    ],
)
def test_a_wrong_point_is_refused_in_one_line(line, sets, message):
    with pytest.raises(UsageError) as problem:
        points(line, sets=sets)
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)
