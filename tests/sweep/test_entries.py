"""Entries of a search space: the axes of values, lists and ranges, and the entries that are refused."""

from math import inf, nan

import pytest

from sweepgd.core.errors import UsageError
from sweepgd.core.setting import Setting
from sweepgd.sweep.entries import Range, axis
from sweepgd.sweep.space import Axis

RATE = Setting("learning_rate", 0.1, "step size", low=1e-4, high=1.0, log=True, minimum=0.0)
COUNT = Setting("batch_size", 32, "rows", minimum=1)
KIND = Setting("kind", "plain", "", choices=("plain", "warm"))


def rate(entry, **others):
    return axis("learning_rate", entry, RATE, **others)


def count(**others):
    return axis("batch_size", Range(**others), COUNT)


def test_a_value_becomes_a_fixed_axis_and_a_list_a_searched_one():
    assert rate(1) == Axis("learning_rate", values=(1.0,))
    assert rate(1).fixed
    assert rate([0.1, 1]) == Axis("learning_rate", values=(0.1, 1.0))
    assert not rate([0.1, 1]).fixed
    assert axis("kind", "warm", KIND).values == ("warm",)


def test_a_range_keeps_its_ends_its_scale_and_its_condition():
    when = ("optimizer", ("adam",))
    assert rate(Range(low=0.01, high=1, log=True), when=when) == Axis("learning_rate", low=0.01, high=1, log=True, when=when)
    assert count(low=1, high=8) == Axis("batch_size", low=1, high=8, integer=True)


def test_search_uses_the_range_of_the_setting():
    assert rate("search") == rate(Range(low=1e-4, high=1.0, log=True))


def test_search_needs_a_setting_with_a_range():
    with pytest.raises(UsageError, match=r"space\.batch_size = 'search': give a finite number"):
        axis("batch_size", "search", COUNT)


@pytest.mark.parametrize(
    ("low", "high", "step", "values"),
    [(1, 8, 2, (1, 2, 4, 8)), (1, 512, 2, tuple(2**i for i in range(10))), (3, 100, 3, (3, 9, 27, 81)), (5, 5, 2, (5,))],
)
def test_a_step_of_a_log_range_multiplies(low, high, step, values):
    found = count(low=low, high=high, log=True, step=step)
    assert found.values == values
    assert all(type(value) is int for value in found.values)


def test_a_fractional_ratio_of_whole_numbers_gives_each_value_once():
    assert count(low=1, high=4, log=True, step=1.5).values == (1, 2, 3)  # 1, 1.5, 2.25, 3.375: 1.5 rounds to 2, as 2.25


def test_a_log_range_of_decades_includes_the_last():
    found = rate(Range(low=1e-3, high=10.0, log=True, step=10))
    assert found.values == pytest.approx((1e-3, 1e-2, 1e-1, 1, 10))


def test_a_linear_range_ends_at_the_last_step_that_fits():
    found = rate(Range(low=0.1, high=0.55, step=0.2))
    assert (found.low, found.high, found.step) == (0.1, pytest.approx(0.5), 0.2)
    assert found.grid() == pytest.approx((0.1, 0.3, 0.5))
    assert count(low=1, high=10, step=4).grid() == (1, 5, 9)


@pytest.mark.parametrize(("low", "high", "step"), [(0.1, 0.3, 0.1), (0.1, 1.0, 0.3), (0.0, 0.7, 0.07), (1e-3, 1.0, 1e-3)])
def test_optuna_accepts_the_steps_without_a_warning(low, high, step):
    """Optuna warns if the step does not divide the range, and warnings are errors here."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = rate(Range(low=low, high=high, step=step))
    trial = optuna.create_study().ask()
    assert low <= found.ask(trial) <= high + 1e-12


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ([], "space.learning_rate is an empty list: give at least one value"),
        ([0.1, 0.1], "space.learning_rate = [0.1, 0.1]: a value occurs twice"),
        ([1, 1.0], "a value occurs twice"),
        (-0.1, "space.learning_rate = -0.1: must be at least 0"),
        (nan, "space.learning_rate = nan: give a finite number"),
        (True, "space.learning_rate = True: give a finite number"),
        ("big", "space.learning_rate = 'big': give a finite number"),
        (Range(low=1.0, high=0.1), "low 1 is above high 0.1: swap them"),
        (Range(low=0.0, high=0.1, log=True), "a log range cannot start at 0: give a low above 0, or remove log"),
        (Range(low=-1.0, high=0.1), "space.learning_rate = -1.0: must be at least 0"),
        (Range(low=nan, high=0.1), "space.learning_rate = nan: give a finite number"),
        (Range(low=0.1, high=inf), "space.learning_rate = inf: give a finite number"),
        (Range(low=0.1, high=1.0, step=0), "step 0 must be finite and above 0"),
        (Range(low=0.1, high=1.0, step=-1), "step -1 must be finite and above 0"),
        (Range(low=0.1, high=1.0, step=nan), "step nan must be finite and above 0"),
        (Range(low=0.1, high=1.0, step=inf), "step inf must be finite and above 0"),
        (Range(low=0.1, high=1.0, log=True, step=1), "step 1 must be finite and above 1"),
        (Range(low=0.1, high=1.0, log=True, step=1.0001), "steps from low to high, more than 10000: give a larger step"),
    ],
)
def test_an_invalid_entry_is_refused_in_one_line(entry, line):
    with pytest.raises(UsageError) as problem:
        rate(entry)
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"low": 1.5, "high": 8}, "space.batch_size = 1.5: give a whole number"),
        ({"low": 0, "high": 8}, "space.batch_size = 0: must be at least 1"),
        ({"low": 1, "high": 8, "step": 0.5}, "space.batch_size: step 0.5 is not a whole number: give a whole step"),
        ({"low": 1, "high": 8, "step": 1.5}, "space.batch_size: step 1.5 is not a whole number: give a whole step"),
    ],
)
def test_a_range_of_whole_numbers_has_whole_ends_and_steps(given, line):
    with pytest.raises(UsageError) as problem:
        count(**given)
    assert str(problem.value) == line


def test_a_message_names_the_table():
    with pytest.raises(UsageError, match=r"^optimizer\.adam\.beta1 = 1\.5: must be at least 0 and below 1$"):
        axis("optimizer.adam.beta1", 1.5, Setting("beta1", 0.9, "", minimum=0.0, maximum=1.0, open_maximum=True))


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1e300, "schedule.step.every = 1e+300: must be at least 1 and of at most 15 digits"),
        (2**53 + 1, "schedule.step.every = 9007199254740993: must be at least 1 and of at most 15 digits"),
        (0, "schedule.step.every = 0: must be at least 1"),
    ],
)
def test_a_whole_number_that_float64_cannot_hold_is_refused(value, line):
    """A larger int would overflow the arrays that it is multiplied with."""
    setting = Setting("every", 1, "", minimum=1)
    assert setting.check(2.0**53, "schedule.step") == 2**53
    with pytest.raises(UsageError) as problem:
        setting.check(value, "schedule.step")
    assert str(problem.value) == line


def test_a_whole_number_without_bounds_has_at_most_15_digits():
    with pytest.raises(UsageError, match=r"^data\.shift = -1e\+300: must be of at most 15 digits$"):
        Setting("shift", 0, "").check(-1e300, "data")
