"""Which results directory a search may write to."""

import numpy as np
import pytest
from tiny import sweep

from sweepgd import search
from sweepgd.directory import move_aside
from sweepgd.problem import Problem
from sweepgd.record import Store
from sweepgd.study import prepare
from sweepgd.sweep import load as load_sweep
from sweepgd.sweep import parse


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


def test_a_file_that_has_changed_is_another_sweep(tmp_path):
    def write(seed: int) -> None:
        columns = np.random.default_rng(seed).normal(size=(30, 2))
        np.savez(tmp_path / "data.npz", x=columns, y=columns.sum(axis=1))

    table = f"""
name = "changed"
[data]
path = {str(tmp_path / "data.npz")!r}
target = "y"
task = "regression"
[model]
name = "linear"
[budget]
epochs = 1
[space]
batch_size = "full"
[search]
trials = 1
"""
    write(0)
    search(parse(table), out=tmp_path / "results", workers=1)
    write(1)
    with pytest.raises(Problem, match="another sweep: data"):
        search(parse(table), out=tmp_path / "results", workers=1)
    with pytest.raises(Problem, match="has changed since the sweep was run"):
        prepare(load_sweep(str(tmp_path / "results" / "sweep.toml")))
