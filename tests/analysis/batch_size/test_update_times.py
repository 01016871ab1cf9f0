"""Times of updates and epochs by batch size, and the knee of a planted law of the time."""

import numpy as np
import pytest
from study_tables import run, trials

from sweepgd.analysis.batch_size.update_times import BUSY, has_knee, update_times


def timed(sizes, fixed=8e-6, knee=32.0, noise=0.0, runs=5, slow=()):
    rng, rows = np.random.default_rng(5), []
    for trial, size in enumerate(sizes):
        for replicate in range(runs):
            seconds = fixed * (1 + size / knee) * np.exp(noise * rng.normal()) * (10.0 if replicate in slow else 1.0)
            columns = {"batch_size": size, "seconds_per_update": seconds, "seconds_per_epoch": seconds * 1024 / size}
            rows.append(run(trial, 1.0, replicate, **columns))
    rows.append(run(len(sizes), None, batch_size=1, seconds_per_update=9.0))  # a diverged run does not count
    return update_times(trials(*rows)).to_pylist()


def test_times_and_the_knee():
    rows = timed((1, 4, 16, 64, 256))
    assert [row["runs"] for row in rows] == [5] * 5
    assert [row["seconds_per_update"] for row in rows] == pytest.approx([8e-6 * (1 + b / 32) for b in (1, 4, 16, 64, 256)])
    assert rows[0]["seconds_per_epoch"] == pytest.approx(8e-6 * (1 + 1 / 32) * 1024)
    assert {row["message"] for row in rows} == {None}
    assert rows[0]["knee"] == pytest.approx(32, rel=1e-3)


def test_noise_gives_intervals():
    row = timed((1, 4, 16, 64, 256), noise=0.2, runs=20)[2]
    decile = 8e-6 * 1.5 * np.exp(-1.2816 * 0.2)  # 1.2816 standard deviations below the mean of a normal distribution
    assert row["seconds_per_update_low"] < decile < row["seconds_per_update_high"]
    assert row["knee_low"] < 32 < row["knee_high"]


def test_slow_runs_change_neither_the_times_nor_the_knee_and_are_noted():
    sizes = (1, 4, 16, 64, 256)
    for slow, message in (((0, 1, 2, 3), None), ((0, 1, 2, 3, 4, 5), BUSY)):
        rows = timed(sizes, runs=10, slow=slow)
        assert [row["seconds_per_update"] for row in rows] == pytest.approx([8e-6 * (1 + size / 32) for size in sizes])
        assert {row["message"] for row in rows} == {message}
        assert all(has_knee(row) for row in rows)
        assert rows[0]["knee"] == pytest.approx(32, rel=1e-3)
    row = timed((1, 4, 16), runs=10, slow=range(6))[0]
    assert (has_knee(row), row["message"]) == (False, f"the knee needs 4 batch sizes; {BUSY}")


def test_a_knee_outside_the_sizes_or_of_few_sizes():
    assert {row["message"] for row in timed((1, 2, 4, 8))} == {"the knee is outside the sizes that were run"}
    rows = timed((1, 4, 16))
    assert {(row["knee"], row["message"]) for row in rows} == {(None, "the knee needs 4 batch sizes")}
