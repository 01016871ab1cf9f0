"""The data folder of a named data set: relative to the sweep file, recorded as an absolute path, fingerprinted, and moved."""

import gzip
import shutil

import numpy as np
import pytest
from commands import call
from data.file_examples.arrays import idx

from sweepgd import load, measure, search
from sweepgd.core.errors import SweepgdError
from sweepgd.sweep import differences, parse
from sweepgd.sweep import load as load_sweep

SWEEP = """
name = "clothes"
[data]
name = "fashion_mnist"
folder = "clothes"
[model]
name = "softmax"
[budget]
epochs = 1
[space]
batch_size = ["full", 4, 8]
learning_rate = 0.1
[search]
sampler = "grid"
trials = 1
"""


def write(folder, seed=0):
    """Write the four files of a small Fashion-MNIST."""
    images = np.random.default_rng(seed).integers(0, 255, (40, 2, 2)).astype("u1")
    folder.mkdir(exist_ok=True)
    for name, rows in (("train", 40), ("t10k", 10)):
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images[:rows])))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx((np.arange(rows) % 10).astype("u1")))
    return folder


@pytest.fixture
def sweep_file(tmp_path, monkeypatch):
    """A sweep file with its data in a folder beside it; the current directory is another one."""
    (tmp_path / "sweeps").mkdir()
    write(tmp_path / "sweeps" / "clothes")
    (tmp_path / "sweeps" / "clothes.toml").write_text(SWEEP)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "sweeps" / "clothes.toml"


def test_folders_are_relative_to_the_sweep_file_or_for_overrides_to_the_cwd(sweep_file, tmp_path):
    assert load_sweep("../sweeps/clothes.toml").data.model_extra == {"folder": str(sweep_file.parent / "clothes")}
    override = load_sweep(str(sweep_file), ['data.folder="clothes"'])
    assert override.data.model_extra == {"folder": str(tmp_path / "elsewhere" / "clothes")}


def test_results_are_usable_from_elsewhere_and_after_the_folder_moved(sweep_file, tmp_path, monkeypatch):
    out, folder = tmp_path / "out", sweep_file.parent / "clothes"
    search("../sweeps/clothes.toml", out=out, workers=1)
    recorded = parse(load(out).sweep_toml).data
    assert recorded.model_extra == {"folder": str(folder)}
    assert len(recorded.fingerprint) == 64
    monkeypatch.chdir(tmp_path)
    assert measure(out, measures=["distance"], workers=1).num_rows == 1
    new_folder = folder.rename(tmp_path / "moved")
    message = rf"^no such folder: {folder}, data\.folder of this sweep: give its new path with --data-path FOLDER$"
    with pytest.raises(SweepgdError, match=message):
        measure(out, measures=["weight_norm"])
    with pytest.raises(SweepgdError, match=message):
        search(sweep_file, out=out, workers=1)
    assert measure(out, measures=["distance"], workers=1, data_path="moved").num_rows == 1
    two = ["search.trials=2"]
    assert search(sweep_file, out=out, workers=1, overrides=two, data_path="moved").trials.num_rows == 2
    assert parse(load(out).sweep_toml).data.model_extra == {"folder": str(new_folder)}
    write(new_folder, seed=1)
    with pytest.raises(SweepgdError, match=r"moved has changed since the sweep was run"):
        search(sweep_file, out=out, workers=1, overrides=["search.trials=3"], data_path="moved")
    with pytest.raises(SweepgdError, match=r"moved has changed since the sweep was run"):
        measure(out, measures=["weight_norm"], data_path="moved")
    with pytest.raises(SweepgdError, match=rf"^no such folder: {tmp_path}/gone$"):
        measure(out, measures=["weight_norm"], data_path="gone")


def test_data_path_gives_a_folder_that_the_sweep_file_does_not_name(sweep_file, tmp_path, monkeypatch, capsys):
    sweep_file.write_text(SWEEP.replace('folder = "clothes"\n', ""))
    clothes = shutil.move(sweep_file.parent / "clothes", tmp_path / "elsewhere")
    given = ("search", str(sweep_file), "--data-path", "clothes", "--workers", "1", "--quiet")
    dry = call(monkeypatch, capsys, *given, "--dry-run")
    assert (dry.code, "rows: 34 train, 6 validation, 10 test" in dry.out) == (0, True)
    assert call(monkeypatch, capsys, *given, "--out", "out").code == 0
    assert parse(load("out").sweep_toml).data.model_extra == {"folder": str(clothes)}


def test_a_record_without_a_fingerprint_continues(sweep_file):
    """Earlier versions recorded no fingerprint for a named data set."""
    before = load_sweep(str(sweep_file))
    now = before.model_copy(update={"data": before.data.model_copy(update={"fingerprint": "a" * 64})})
    other = before.model_copy(update={"data": before.data.model_copy(update={"fingerprint": "b" * 64})})
    assert differences(before, now) == []
    assert differences(other, now) == [f"{sweep_file.parent / 'clothes'} has changed since the sweep was run"]
