"""Paths of data files: relative to the sweep file, recorded as absolute paths, and moved later."""

from pathlib import Path

import numpy as np
import pytest
from commands import call

from sweepgd import load, measure, search
from sweepgd.core.errors import SweepgdError
from sweepgd.data.paths import absolute, check_there, moved
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.sweep import load as load_sweep
from sweepgd.sweep import parse

SWEEP = """
name = "own"
[data]
path = "data/own.npz"
target = "y"
task = "regression"
[model]
name = "linear"
[budget]
epochs = 1
[space]
batch_size = ["full", 2, 5]
learning_rate = 0.1
[search]
sampler = "grid"
trials = 1
"""


def write(path, seed=0):
    columns = np.random.default_rng(seed).normal(size=(30, 2))
    path.parent.mkdir(exist_ok=True)
    np.savez(path, x=columns, y=columns.sum(axis=1))
    return path


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A sweep file with its data in a folder beside it; the current directory is another one."""
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "own.toml").write_text(SWEEP)
    write(tmp_path / "sweeps" / "data" / "own.npz")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "sweeps" / "own.toml"


def test_paths_are_relative_to_the_sweep_file_or_for_overrides_to_the_cwd(own, tmp_path):
    assert load_sweep("../sweeps/own.toml").data.path == str(own.parent / "data" / "own.npz")
    override = ['data.path="data/own.npz"']
    assert load_sweep(str(own), override).data.path == str(tmp_path / "elsewhere" / "data" / "own.npz")
    assert parse(SWEEP).data.path == str(tmp_path / "elsewhere" / "data" / "own.npz")
    assert load_sweep(str(own), ['data.path="/data/own.npz"']).data.path == "/data/own.npz"


def test_the_format_decides_which_keys_are_paths():
    labels = {"target": "y", "test_target": "t", "test_path": "b-idx1-ubyte", "inputs": "x"}
    assert absolute({"path": "a-idx3-ubyte.gz", **labels}, Path("/d")) == {
        "path": "/d/a-idx3-ubyte.gz", "target": "/d/y", "test_target": "/d/t", "test_path": "/d/b-idx1-ubyte", "inputs": "x",
    }  # fmt: skip


def test_results_are_usable_from_elsewhere_and_after_the_data_moved(own, tmp_path, monkeypatch):
    out, found = tmp_path / "out", own.parent / "data" / "own.npz"
    search(load_sweep("../sweeps/own.toml"), out=out, workers=1)
    assert parse(load(out).sweep_toml).data.path == str(found)
    monkeypatch.chdir(tmp_path)
    assert measure(out, measures=["distance"], workers=1).num_rows == 1
    now = found.rename(tmp_path / "moved.npz")
    message = rf"^no such file: {found}, data.path of this sweep: give its new path with --data-path FILE$"
    for refused in (lambda: measure(out, measures=["weight_norm"]), lambda: LandscapeContext(out)):
        with pytest.raises(SweepgdError, match=message):
            refused()
    assert measure(out, measures=["distance"], workers=1, data_path="moved.npz").num_rows == 1
    assert (
        LandscapeContext(out, data_path=now).context.data(0).rows
        == LandscapeContext(out, data_path=now).context.data(0).rows
        > 0
    )
    write(now, seed=1)
    with pytest.raises(SweepgdError, match=r"moved\.npz has changed since the sweep was run"):
        measure(out, measures=["distance"], data_path=now)


def test_a_search_continues_with_moved_data_but_not_with_other_data(own, tmp_path, monkeypatch, capsys):
    def run(*given):
        return call(monkeypatch, capsys, "search", str(own), "--out", str(out), "--workers", "1", "--quiet", *given)

    out, found = tmp_path / "out", own.parent / "data" / "own.npz"
    assert run().code == 0
    now = found.rename(tmp_path / "elsewhere" / "moved.npz")
    message = f"sweepgd: no such file: {found}, data.path of this sweep: give its new path with --data-path FILE\n"
    assert (run("--trials", "2").code, run("--trials", "2").err) == (1, message)
    assert run("--trials", "2", "--data-path", "moved.npz").code == 0
    assert load(out).trials.num_rows == 2
    assert parse(load(out).sweep_toml).data.path == str(now)
    write(now, seed=1)
    other = run("--trials", "3", "--data-path", "moved.npz")
    assert (other.code, "moved.npz has changed since the sweep was run" in other.err) == (1, True)


def test_search_in_python_takes_the_new_path_of_the_data(own, tmp_path):
    now = (own.parent / "data" / "own.npz").rename(tmp_path / "moved.npz")
    with pytest.raises(SweepgdError, match=r"own\.npz, data\.path of this sweep: give its new path with --data-path FILE$"):
        search(own, out=tmp_path / "out", workers=1)
    search(own, out=tmp_path / "out", workers=1, data_path=now)
    assert parse(load(tmp_path / "out").sweep_toml).data.path == str(now)


def test_each_missing_file_is_reported_with_its_key(tmp_path):
    files = {"path": tmp_path / "a-idx3-ubyte", "test_path": tmp_path / "b-idx3-ubyte", "target": tmp_path / "labels"}
    data = {key: str(file) for key, file in files.items()}
    for key, file in files.items():
        with pytest.raises(
            SweepgdError, match=rf"^no such file: {file}, data\.{key} of this sweep: give its new path with --data-path FILE"
        ):
            check_there(data)
        file.touch()
    check_there(data)
    check_there({"name": "digits"})


def test_moved_data_files_are_found_in_the_same_folder(tmp_path):
    for name in ("a-idx3-ubyte", "labels"):
        (tmp_path / name).touch()
    was = {"path": "/gone/a-idx3-ubyte", "target": "/gone/labels"}
    now = {"path": str(tmp_path / "a-idx3-ubyte"), "target": str(tmp_path / "labels")}
    assert moved(was, tmp_path) == moved(was, tmp_path / "a-idx3-ubyte") == now
    (tmp_path / "labels").unlink()
    with pytest.raises(SweepgdError, match=f"^no such file: {tmp_path / 'labels'}$"):
        moved(was, tmp_path)
    with pytest.raises(SweepgdError, match=r"^--data-path x: the data set 'digits' is not a file: remove the option$"):
        moved({"name": "digits"}, Path("x"))
