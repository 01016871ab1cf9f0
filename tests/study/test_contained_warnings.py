"""A plugin's schedule that crashes or hangs costs its trials and a line, and not the command."""

import pytest
from commands import completed
from linear_sweep import sweep_file

from sweepgd import load

PERILOUS = """
import ctypes
import time

import numpy as np

from sweepgd.plugin import Schedule


def factors(clock):
    PERIL
    return np.ones(len(clock.updates))


perilous = Schedule("perilous", factors, (), needs_length=False, source="a test", description="1")
"""


@pytest.mark.parametrize(
    ("peril", "status", "line"),
    [
        (
            "ctypes.string_at(0)",
            "failed",
            "warning: schedule perilous cannot be evaluated: the process ended by signal SIGSEGV",
        ),
        ("time.sleep(600)", "timed_out", "warning: schedule perilous cannot be evaluated: it did not finish within 1 s"),
    ],
    ids=["crashes", "hangs"],
)
def test_a_schedule_that(peril, status, line, tmp_path):
    (tmp_path / "perilous.py").write_text(PERILOUS.replace("PERIL", peril))
    given = ("--plugin", str(tmp_path / "perilous.py"), "--set", 'space.schedule="perilous"', "--trials", "1")
    constants = {"sweepgd.study.contained_warnings.EVALUATION_SECONDS": 1.0}
    out = str(tmp_path / "out")
    ended = completed(
        *("search", sweep_file(tmp_path), "--out", out, "--workers", "1", "--trial-timeout", "1s", *given), constants=constants
    )
    assert ended.returncode == 3, ended.stderr
    assert line in ended.stderr.splitlines()
    assert load(out).trials["status"].to_pylist() == [status]


def test_the_warnings_of_a_plugins_schedule_are_those_of_any_other(tmp_path):
    (tmp_path / "perilous.py").write_text(PERILOUS.replace("PERIL", "pass"))
    given = ("--plugin", str(tmp_path / "perilous.py"), "--trials", "1", "--workers", "1", "--set", "space.warmup=6")
    out = ("--out", str(tmp_path / "out"), "--set", "space.batch_size=5")
    ended = completed("search", sweep_file(tmp_path), *out, *given, "--set", 'space.schedule="perilous"')
    assert ended.returncode == 0, ended.stderr
    lines = [
        line
        for line in ended.stderr.splitlines()
        if line.startswith("warning: the warm-up is longer than the run: it takes 42")
    ]
    assert len(lines) == 1, ended.stderr
