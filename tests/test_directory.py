"""Which results directory a search may write to."""

import pytest
from tiny import sweep

from sweepgd import search
from sweepgd.directory import move_aside
from sweepgd.problem import Problem
from sweepgd.record import Store


def test_a_directory_that_is_being_written_is_not_moved_aside(tmp_path):
    out = tmp_path / "results"
    search(sweep(), out=out, workers=1)
    store = Store.open(out, (out / "sweep.toml").read_text())
    with pytest.raises(Problem, match="is being written by process"):
        move_aside(out)
    assert out.exists()
    store.close()
    assert move_aside(out) == tmp_path / "results.before-1"
    assert not out.exists()
