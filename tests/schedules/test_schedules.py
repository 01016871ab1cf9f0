import numpy as np
import pytest

from sweepgd import schedules
from sweepgd.core.errors import UsageError
from sweepgd.core.setting import resolve
from sweepgd.schedules import BATCH_SCHEDULES, Clock, Schedule, Start, learning_rates
from sweepgd.schedules.batch_schedules import LARGEST_BATCH

NAMES = ("constant", "step", "time", "exponential", "polynomial", "cosine", "one_cycle", "inverse_sqrt")


def clock_of(epochs: int, per_epoch: int, start: int = 0, stop: int | None = None) -> Clock:
    updates = np.arange(start, epochs * per_epoch if stop is None else stop, dtype=np.int64)
    return Clock(updates, updates / per_epoch, epochs * per_epoch)


def factors(name: str, clock: Clock, **given: float) -> np.ndarray:
    schedule: Schedule = getattr(schedules, name)
    return schedule.factor(clock, **resolve(schedule.settings, given, f"schedule.{name}"))


@pytest.mark.parametrize("name", NAMES)
def test_factors_are_float64_and_equal_in_chunks(name: str) -> None:
    whole = factors(name, clock_of(12, 10))
    parts = [factors(name, clock_of(12, 10, start, start + 40)) for start in (0, 40, 80)]
    assert whole.dtype == np.float64
    assert whole.shape == (120,)
    assert np.array_equal(whole, np.concatenate(parts))
    assert (whole > 0).all()
    assert (whole <= 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_settings_have_valid_defaults_and_search_ranges(name: str) -> None:
    schedule = getattr(schedules, name)
    assert schedule.name == name
    for setting in schedule.settings:
        for value in (setting.default, setting.low, setting.high):
            if not isinstance(setting.default, bool) or value is not None:
                setting.check(value, name)


def test_step_multiplies_at_every_epoch_after_the_second() -> None:
    rates = factors("step", clock_of(4, 3), after=2, every=1, factor=0.1)
    assert rates == pytest.approx(np.repeat([1.0, 1.0, 0.1, 0.01], 3), rel=1e-15)


def test_step_multiplies_at_every_second_epoch() -> None:
    rates = factors("step", clock_of(7, 1), after=3, every=2, factor=0.5)
    assert rates.tolist() == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_step_of_a_long_run_falls_to_zero_without_a_warning() -> None:
    assert factors("step", clock_of(1000, 1), after=1, factor=0.1)[-1] == 0.0


def test_time_is_the_decay_of_keras() -> None:
    rates = factors("time", clock_of(2, 50), decay=0.01)
    assert rates[[0, 1, 99]] == pytest.approx([1.0, 1 / 1.01, 1 / 1.99], rel=1e-15)


def test_exponential_multiplies_by_the_factor_over_each_epoch() -> None:
    rates = factors("exponential", clock_of(3, 4), factor=0.9)
    assert rates[[0, 2, 4, 8]] == pytest.approx([1, 0.9**0.5, 0.9, 0.81], rel=1e-14)


def test_polynomial_ends_at_its_floor() -> None:
    clock = Clock(np.array([0, 50, 100, 130]), np.zeros(4), 100)
    assert factors("polynomial", clock, power=2.0, floor=0.2) == pytest.approx([1, 0.4, 0.2, 0.2], rel=1e-15)


def test_cosine_with_restarts_starts_each_cycle_at_the_base_rate() -> None:
    rates = factors("cosine", Clock(np.arange(0, 101), np.zeros(101), 100), restarts=3, floor=0.1)
    assert rates[[0, 25, 50, 75]].tolist() == [1.0, 1.0, 1.0, 1.0]
    cycle = 0.1 + 0.45 * (1 + np.cos(np.pi * np.arange(25) / 25))
    assert rates[:100] == pytest.approx(np.tile(cycle, 4), rel=1e-14)
    assert rates[100] == pytest.approx(0.1, rel=1e-14)


def test_cosine_restarts_at_the_next_update_if_cycles_are_fractional() -> None:
    rates = factors("cosine", clock_of(1, 10), restarts=2)
    assert (np.flatnonzero(np.diff(rates) > 0) + 1).tolist() == [4, 7]


def test_one_cycle_rises_falls_and_anneals() -> None:
    clock = Clock(np.array([0, 20, 40, 60, 80, 90, 100]), np.zeros(7), 100)
    rates = factors("one_cycle", clock, peak=0.4, start_divisor=10.0, final_divisor=100.0, final_at_last_update=False)
    assert rates == pytest.approx([0.1, 0.55, 1.0, 0.55, 0.1, 0.0505, 0.001], rel=1e-12)


def pytorchs_one_cycle(total: int, peak: float, start_divisor: float, final_divisor: float) -> list[float]:
    """The rates of PyTorch's OneCycleLR(three_phase=True, anneal_strategy="linear"), after its source."""
    first = 1 / start_divisor
    phases = [(peak * total - 1, first, 1.0), (2 * peak * total - 2, 1.0, first), (total - 1, first, first / final_divisor)]
    rates = []
    for step in range(total):
        begin = 0.0
        for end, low, high in phases:
            if step <= end or end == total - 1:
                rates.append(low + (high - low) * (step - begin) / (end - begin))
                break
            begin = end
    return rates


@pytest.mark.parametrize(("total", "peak"), [(20, 0.45), (100, 0.3), (40, 0.25), (1000, 0.4)])
def test_one_cycle_equals_pytorchs_if_the_peak_is_at_an_update(total: int, peak: float) -> None:
    rates = factors("one_cycle", clock_of(1, total), peak=peak, start_divisor=25.0, final_divisor=1e4)
    assert rates == pytest.approx(pytorchs_one_cycle(total, peak, 25.0, 1e4), rel=1e-9)


def test_one_cycle_of_20_updates_ends_at_the_final_rate() -> None:
    """With `final_at_last_update = false`, the last update has 0.0505 of the base rate."""
    assert factors("one_cycle", clock_of(1, 20))[[0, 8, 16, 19]].tolist() == [0.1, 1.0, 0.1, 0.001]


@pytest.mark.parametrize("total", [1, 2, 3, 4, 5, 7, 19, 20, 51, 308])
@pytest.mark.parametrize("peak", [0.01, 0.1, 0.3, 0.45, 0.5])
def test_one_cycle_reaches_base_and_final_rate_at_updates(total: int, peak: float) -> None:
    rates = factors("one_cycle", clock_of(1, total), peak=peak)
    assert rates[-1] == 0.001
    assert rates.max() == (1.0 if total > 2 else (0.1, 0.001)[total == 1])


def test_cosine_and_polynomial_reach_the_floor_after_the_last_update() -> None:
    assert factors("cosine", clock_of(1, 20))[[0, 1, 18, 19]] == pytest.approx([1, 0.99384, 0.02447, 0.006156], rel=1e-3)
    assert factors("polynomial", clock_of(1, 20))[[0, 1, 18, 19]] == pytest.approx([1, 0.95, 0.1, 0.05], rel=1e-12)


def test_inverse_sqrt_is_constant_then_falls() -> None:
    clock = Clock(np.array([0, 99, 100, 400, 10_000]), np.zeros(5), None)
    assert factors("inverse_sqrt", clock, after=100) == pytest.approx([1, 1, 1, 0.5, 0.1], rel=1e-15)


def test_factors_equal_optaxs() -> None:
    optax = pytest.importorskip("optax")
    clock = clock_of(10, 20)
    total, per_epoch = 200, 20
    cycles = [{"init_value": 1.0, "peak_value": 1.0, "warmup_steps": 0, "decay_steps": 50, "end_value": 0.1}] * 4
    pairs = [
        (("step", {"after": 3, "every": 2, "factor": 0.5}),
         optax.piecewise_constant_schedule(1.0, {60: 0.5, 100: 0.5, 140: 0.5, 180: 0.5})),
        (("exponential", {"factor": 0.9}), optax.exponential_decay(1.0, per_epoch, 0.9)),
        (("polynomial", {"power": 2.0, "floor": 0.1}), optax.polynomial_schedule(1.0, 0.1, 2.0, total)),
        (("cosine", {"floor": 0.1}), optax.cosine_decay_schedule(1.0, total, alpha=0.1)),
        (("cosine", {"floor": 0.1, "restarts": 3}), optax.sgdr_schedule(cycles)),
        (("one_cycle", {"peak": 0.4, "start_divisor": 10.0, "final_divisor": 100.0, "final_at_last_update": False}),
         optax.linear_onecycle_schedule(total, 1.0, 0.4, 0.8, 10.0, 100.0)),
    ]  # fmt: skip
    for (name, settings), oracle in pairs:
        theirs = np.array([float(oracle(int(count))) for count in clock.updates])
        assert factors(name, clock, **settings) == pytest.approx(theirs, rel=2e-5, abs=1e-6), name  # float32


def test_warm_up_multiplies_the_schedule_and_does_not_shift_it() -> None:
    clock = clock_of(3, 2)
    given = {"after": 2, "every": 1, "factor": 0.1}
    rates = learning_rates(schedules.step, given, clock, learning_rate=0.4, warmup_updates=5)
    assert rates == pytest.approx([0.08, 0.16, 0.24, 0.32, 0.04, 0.04], rel=1e-14)
    assert learning_rates(schedules.constant, {}, clock, 0.4, 0).tolist() == [0.4] * 6


def rates_after(name: str, clock: Clock, warmup: int, epochs: float, **given: float) -> np.ndarray:
    schedule: Schedule = getattr(schedules, name)
    settings = resolve(schedule.settings, given, f"schedule.{name}")
    return learning_rates(schedule, settings, clock, 1.0, warmup, Start(warmup, epochs))


def test_a_schedule_after_warm_up_starts_at_the_base_rate_and_fills_the_rest() -> None:
    rates = rates_after("cosine", clock_of(10, 2), 6, 3.0)
    assert rates[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1], rel=1e-14)
    assert rates[6:] == pytest.approx(factors("cosine", clock_of(7, 2)), rel=1e-14)
    multiplied = learning_rates(schedules.cosine, {"floor": 0.0, "restarts": 0}, clock_of(10, 2), 1.0, 6)
    assert (rates.max(), multiplied.max()) == (1.0, pytest.approx(0.854, abs=1e-3))


def test_a_schedule_after_warm_up_equals_optaxs() -> None:
    optax = pytest.importorskip("optax")
    oracle = optax.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=30, decay_steps=200, end_value=0.1)
    theirs = [float(oracle(count)) for count in range(30, 200)]
    assert rates_after("cosine", clock_of(10, 20), 30, 1.5, floor=0.1)[30:] == pytest.approx(theirs, rel=2e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("warmup", [6, 25])
def test_a_schedule_after_warm_up_is_equal_in_chunks(name: str, warmup: int) -> None:
    whole = rates_after(name, clock_of(12, 10), warmup, warmup / 10)
    parts = [rates_after(name, clock_of(12, 10, start, start + 20), warmup, warmup / 10) for start in range(0, 120, 20)]
    assert np.array_equal(whole, np.concatenate(parts))
    given = resolve(getattr(schedules, name).settings, {}, name)
    first = getattr(schedules, name).factor(Clock(np.zeros(1, np.int64), np.zeros(1), 120 - warmup), **given)
    assert whole[:warmup] == pytest.approx(first * np.arange(1, warmup + 1) / warmup, rel=1e-14)


def test_step_after_warm_up_counts_whole_epochs_from_its_end() -> None:
    """An epoch has 10 updates; in floating point, 1.3 - 0.3 epochs is less than 1."""
    rates = rates_after("step", clock_of(3, 10), 3, 0.3, after=1, every=1, factor=0.1)
    assert rates[3:] == pytest.approx([1.0] * 10 + [0.1] * 10 + [0.01] * 7)


def test_a_warm_up_longer_than_the_run_only_rises() -> None:
    assert rates_after("cosine", clock_of(2, 5), 20, 4.0) == pytest.approx(np.arange(1, 11) / 20)


@pytest.mark.parametrize("name", ["polynomial", "cosine", "one_cycle"])
def test_a_schedule_that_needs_the_length_refuses_a_run_without_one(name: str) -> None:
    clock = Clock(np.arange(3), np.zeros(3), None)
    with pytest.raises(UsageError, match=f"schedule '{name}' needs the length of the run"):
        learning_rates(getattr(schedules, name), {}, clock, 0.1, 0)


def test_growth_keeps_the_noise_scale_that_step_would() -> None:
    """Smith et al. 2018: rate / batch size, and so the noise scale rate * N / batch size, is equal for both."""
    when = {"after": 3, "every": 2}
    decayed = factors("step", clock_of(9, 1), factor=0.2, **when) / 16
    sizes = [grown(16, epoch, factor=5.0, **when) for epoch in range(9)]
    assert sizes == [16, 16, 16, 80, 80, 400, 400, 2000, 2000]
    assert 1 / np.array(sizes) == pytest.approx(decayed, rel=1e-14)


def grown(batch_size: int, epoch: int, **given: float) -> int:
    growth = BATCH_SCHEDULES["growth"]
    return growth.size(batch_size, epoch, **resolve(growth.settings, given, "batch_schedule.growth"))


def test_growth_stops_at_its_limit_and_never_decreases() -> None:
    assert [grown(10, epoch, after=1, factor=10.0, limit=500) for epoch in range(4)] == [10, 100, 500, 500]
    assert [grown(10, epoch, after=1, factor=10.0, limit=1000) for epoch in range(4)] == [10, 100, 1000, 1000]
    assert [grown(10, epoch, after=1, limit=5) for epoch in range(3)] == [10, 10, 10]
    assert [grown(10, epoch, after=1, factor=1.5) for epoch in range(4)] == [10, 15, 22, 34]


def test_growth_of_a_long_run_does_not_overflow() -> None:
    assert grown(10, 5000) == LARGEST_BATCH
    assert grown(10, 5000, factor=1.0) == 10


def test_the_constant_schedule_keeps_the_batch_size() -> None:
    assert [BATCH_SCHEDULES["constant"].size(7, epoch) for epoch in (0, 100)] == [7, 7]


def test_the_maximum_of_restarts_does_not_overflow_in_a_long_run() -> None:
    """The product of restarts and updates fits int64; a larger maximum would overflow."""
    (restarts,) = (setting for setting in schedules.cosine.settings if setting.name == "restarts")
    updates = np.array([10**12 - 1])
    clock = Clock(updates, np.zeros(1), 10**12)
    through = (10**12 - 1) * (int(restarts.maximum) + 1) % 10**12 / 10**12
    expected = 0.5 * (1.0 + np.cos(np.pi * through))
    assert factors("cosine", clock, restarts=int(restarts.maximum)) == pytest.approx(expected, abs=1e-12)
