"""The checks of schedules: each broken schedule fails its check, and all schedules of sweepgd pass."""

from dataclasses import replace

import numpy as np
import pytest

from sweepgd.core.setting import Setting
from sweepgd.plugins import registry
from sweepgd.plugins.checks.declaration import settings
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.schedules import CHECKS

GOOD = registry.get("schedules", "exponential")
CALLS = []


def remembers(clock):
    CALLS.append(clock)
    return np.full(len(clock.updates), 1.0 / len(CALLS))


def changes(clock):
    clock.updates[:] = 0
    return np.ones(len(clock.updates))


BROKEN = {
    "negative": (lambda clock: 1.0 - clock.epochs, "finite", "gives a factor of -1 before update 3 (a run of 60 updates"),
    "nan": (lambda clock: 1.0 / (clock.updates - 50.0), "finite", "gives a factor of -0.02 before update 1"),
    "infinite": (lambda clock: clock.epochs / (clock.epochs != 5), "finite", "gives a factor of inf before update 6"),
    "narrow": (lambda clock: np.ones(len(clock.updates), np.float32), "finite", "gives float32 (1,) for 1 updates"),
    "scalar": (lambda clock: 1.0, "finite", "gives float for 1 updates"),
    "short": (lambda clock: np.ones(3), "finite", "gives float64 (3,) for 1 updates"),
    "changes": (changes, "finite", "changes its argument `clock` (a run of 7 updates"),
    "remembers": (remembers, "deterministic", "two calls with the same clock give different factors"),
    "random": (lambda clock: np.random.random(len(clock.updates)), "deterministic", "the same clock"),  # noqa: NPY002
    "local": (
        lambda clock: np.linspace(1, 0, len(clock.updates)),
        "pieces",
        "the factor of update 7 is 1 if computed in pieces and 0 if computed in one call",
    ),
    "off": (lambda clock: np.zeros(len(clock.updates)), "course", "every factor of a run of 240 updates is 0"),
}


def first_flaw(schedule):
    """Return the first failed check and its message, or None."""
    with np.errstate(all="ignore"):
        for name, check in CHECKS.items():
            try:
                check(schedule)
            except Flaw as flaw:
                return name, str(flaw)
    return None


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_schedule(name):
    factor, check, words = BROKEN[name]
    found = first_flaw(replace(GOOD, factor=factor, settings=()))
    assert found is not None
    assert found[0] == check
    assert words in found[1]


def test_the_setting_that_breaks_a_schedule_is_named():
    setting = Setting("power", 1.0, "exponent", low=0.5, high=2000.0)
    found = first_flaw(replace(GOOD, factor=lambda clock, power: 2.0 ** (power * clock.epochs / 50), settings=(setting,)))
    assert found == ("finite", "gives a factor of inf before update 27 (a run of 60 updates, power = 2000.0)")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Setting("a", 2.0, "", low=0.0, high=1.0), "a: its default 2 is outside its range 0 … 1"),
        (Setting("a", 0.5, "", low=0.0), "a: its range has only one end"),
        (Setting("a", 0.5, "", low=1.0, high=0.5), "a: its range from 1 to 0.5 is empty"),
        (Setting("a", "x", "", choices=("y", "z")), "declared.a = 'x'"),
    ],
)
def test_an_invalid_setting_is_reported(setting, words):
    with pytest.raises(Flaw) as flaw:
        settings(replace(GOOD, settings=(setting,)))
    assert words in str(flaw.value)


@pytest.mark.parametrize("name", registry.names("schedules"))
def test_a_schedule_of_sweepgd_passes(name):
    schedule = registry.get("schedules", name)
    assert settings(schedule)
    assert first_flaw(schedule) is None
