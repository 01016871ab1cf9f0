"""Searches with `record.minima = false`: no weights are stored, and what needs them says so."""

import pytest
from linear_sweep import computed, sweep

from sweepgd import measure, search
from sweepgd.analysis.summary import summary
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.minimisers.landscape import LandscapeContext, RunKey
from sweepgd.record.verify import verify
from sweepgd.study.footprint import POINT_BYTES, ROW_BYTES, footprint
from sweepgd.training.sweep_context import SweepContext

ENDS = ("budget={updates=20,evaluate='end'}", "record.minima=false")


def test_no_weights_are_stored_and_all_else_is_the_same(tmp_path):
    with_weights = search(sweep(ENDS[0]), out=tmp_path / "with", workers=1)
    without = search(sweep(*ENDS), out=tmp_path / "without", workers=1)
    assert (with_weights.minima.num_rows, without.minima.num_rows) == (12, 0)
    assert computed(with_weights.trials).equals(computed(without.trials))
    assert computed(with_weights.curves).equals(computed(without.curves))
    assert without.curves["update"].to_pylist() == [0, 20] * 6
    assert "record" in without.sweep_toml
    assert verify(tmp_path / "without").findings == []
    assert summary(without, 5)["best"].num_rows == 5


def test_what_needs_weights_says_that_there_are_none(tmp_path):
    search(sweep(*ENDS), out=tmp_path / "study", workers=1)
    with pytest.raises(SweepgdError, match=r"has no weights to measure: its sweep has record\.minima = false"):
        measure(tmp_path / "study", workers=1)
    with pytest.raises(SweepgdError, match=r"no final minimum of trial 0, replicate 0: its sweep has record\.minima"):
        LandscapeContext(tmp_path / "study").minimum(RunKey(0))
    with pytest.raises(UsageError, match=r"\[measure\] measures the recorded weights, but record.minima is false"):
        sweep("record.minima=false", "measure={measures=['distance']}")


def test_weights_may_not_go_missing_in_the_middle_of_a_study(tmp_path):
    search(sweep("search.trials=2"), out=tmp_path / "study", workers=1)
    with pytest.raises(SweepgdError, match=r"record\.minima: True before, False now"):
        search(sweep("record.minima=false"), out=tmp_path / "study", workers=1)


def test_the_footprint_counts_what_is_stored():
    assert footprint(SweepContext(sweep(*ENDS)), 10) == 10 * (ROW_BYTES + 2 * POINT_BYTES)
    every = SweepContext(sweep("budget={updates=20,evaluate=3}", "record.minima=false"))
    assert footprint(every, 1) == ROW_BYTES + (1 + 7) * POINT_BYTES
