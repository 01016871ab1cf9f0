"""Data from the cache are bit-identical to those of `prepare`, and are prepared again if a version or source changes."""

from dataclasses import astuple
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from sweepgd.core import disk_cache
from sweepgd.core.errors import UsageError
from sweepgd.data import Data, DataSpec, prepare
from sweepgd.data import data_cache as module
from sweepgd.plugins import registry

WINE = DataSpec(name="wine", split="stratified", label_noise=0.1, seed=3)


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[DataSpec]:
    """The specs that are prepared, not read from the cache, which is empty at first."""
    calls = []

    def counted(spec: DataSpec, *, seed: int, dtype: str, reads_bytes: bool = False) -> Data:
        calls.append(spec)
        return prepare(spec, seed=seed, dtype=dtype, reads_bytes=reads_bytes)

    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache")
    monkeypatch.setattr(module, "prepare", counted)
    return calls


def prepared(spec: DataSpec) -> Data:
    return module.prepared(spec, seed=spec.seed, dtype="float32")


def assert_same(one: Data, other: Data) -> None:
    np.testing.assert_equal(astuple(one), astuple(other))
    assert one.train.inputs.dtype == other.train.inputs.dtype
    for data in (one, other):
        assert data.train.inputs.flags.c_contiguous
        assert not data.train.inputs.flags.writeable


@pytest.mark.parametrize(
    "spec",
    [
        WINE,
        DataSpec(name="digits"),
        DataSpec(name="synthetic_linear", weights=[1, 2, 3], validation=0),
        DataSpec(name="moons", rows=100),
        DataSpec(name="none"),
    ],
)
def test_data_are_prepared_once(spec: DataSpec, made: list[DataSpec]) -> None:
    for _ in range(3):
        assert_same(prepared(spec), prepare(spec))
    assert made == [spec]


def test_every_setting_changes_the_cache_key(made: list[DataSpec]) -> None:
    specs = [WINE, WINE.model_copy(update={"seed": 4}), DataSpec(name="moons"), DataSpec(name="moons", noise=0.3)]
    for spec in specs * 2:
        assert_same(prepared(spec), prepare(spec))
    assert made == specs
    assert module.prepared(WINE, seed=3, dtype="float64").train.inputs.dtype == "float64"
    digits = [module.prepared(DataSpec(name="digits"), seed=0, dtype="float32", reads_bytes=reads) for reads in (False, True)]
    assert [len(set(data.preprocessing["mean"])) > 1 for data in digits] == [True, False]


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [(disk_cache, "versions", lambda *names: dict.fromkeys(names, "0")), (module, "_sources", lambda: "edited")],
)
def test_data_of_other_versions_or_sources_are_prepared_again(place, name, value, made, monkeypatch) -> None:
    prepared(WINE)
    monkeypatch.setattr(place, name, value)
    prepared(WINE)
    assert made == [WINE, WINE]


def test_damaged_cache_files_are_prepared_again(tmp_path: Path, made: list[DataSpec]) -> None:
    prepared(WINE)
    (inputs,) = tmp_path.rglob("train_inputs.npy")
    with inputs.open("r+b") as file:
        file.seek(-8, 2)
        file.write(bytes(8))
    for _ in range(2):
        assert_same(prepared(WINE), prepare(WINE))
    assert made == [WINE, WINE]


def test_without_a_cache(tmp_path: Path, made: list[DataSpec]) -> None:
    (tmp_path / "cache").write_text("a file")
    for _ in range(2):
        assert_same(prepared(WINE), prepare(WINE))
    assert made == [WINE, WINE]


def test_only_data_sets_of_sweepgd_are_cached(tmp_path: Path, made: list[DataSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.csv").write_text("x,y\n" + "".join(f"{i},{i}\n" for i in range(20)))
    for spec in (
        DataSpec(path=str(tmp_path / "own.csv"), target="y", task="regression"),
        DataSpec(name="moons", redraw=True),
    ):
        prepared(spec)
    monkeypatch.setattr(registry, "module", lambda kind, name: "sweepgd_wine.data")
    prepared(WINE)
    assert len(made) == 3
    assert not (tmp_path / "cache").exists()


def test_an_unknown_data_set() -> None:
    with pytest.raises(UsageError, match="unknown dataset 'digitz': did you mean 'digits'"):
        prepared(DataSpec(name="digitz"))
