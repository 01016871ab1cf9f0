import pyarrow.parquet as pq
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.minimisers.landscape import LANDSCAPES, RunKey, load
from sweepgd.minimisers.landscape.landscape_files import path_for, read_or_make, table_of

SETTINGS = {"kind": "line", "runs": ["0.0", "7.1"], "rows": {"train": 10}}
SWEEP = "name = 'written'\n"


def table(loss=0.5):
    return table_of("line", RunKey(0), {"alpha": [0.0, 1.0], "train_loss": [loss, float("inf")]}, SETTINGS, other=RunKey(7, 1))


def test_what_is_not_given_or_not_finite_is_null():
    assert table().schema == LANDSCAPES
    assert table()["train_loss"].to_pylist() == [0.5, None]
    assert table()["test_loss"].to_pylist() == table()["beta"].to_pylist() == [None, None]


def test_a_landscape_is_made_once_and_never_overwritten(tmp_path):
    path = path_for(tmp_path, SETTINGS)
    assert path.parent == tmp_path / "landscapes"
    assert path.name.startswith("line-0.0-7.1-")
    assert read_or_make(path, SWEEP, table).equals(table())
    before = path.read_bytes()
    assert read_or_make(path, SWEEP, lambda: table(9.0)).equals(table())
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert pq.read_metadata(path).metadata[b"sweepgd.schema_version"] == b"3"


def test_other_settings_are_another_file(tmp_path):
    assert path_for(tmp_path, SETTINGS) == path_for(tmp_path, dict(reversed(SETTINGS.items())))
    assert path_for(tmp_path, SETTINGS) != path_for(tmp_path, SETTINGS | {"rows": {"train": 11}})


def test_one_that_cannot_be_made_leaves_no_file(tmp_path):
    def fails():
        raise SweepgdError("cannot")

    path = path_for(tmp_path, SETTINGS)
    with pytest.raises(SweepgdError, match="cannot"):
        read_or_make(path, SWEEP, fails)
    assert list(path.parent.iterdir()) == []


def test_a_damaged_file_and_a_folder_that_cannot_be_written_are_one_line(tmp_path):
    (tmp_path / "landscapes").write_text("")
    with pytest.raises(SweepgdError, match="cannot write"):
        read_or_make(path_for(tmp_path, SETTINGS), SWEEP, table)
    path = path_for(tmp_path / "other", SETTINGS)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"torn")
    with pytest.raises(SweepgdError, match="cannot be read"):
        read_or_make(path, SWEEP, table)


def test_all_landscapes_of_a_directory_are_one_table(tmp_path):
    assert load(tmp_path).equals(LANDSCAPES.empty_table())
    for number, loss in enumerate((0.1, 0.2)):
        settings = SETTINGS | {"rows": {"train": number}}
        read_or_make(path_for(tmp_path, settings), SWEEP, lambda loss=loss: table(loss))
    assert sorted(load(tmp_path)["train_loss"].drop_null().to_pylist()) == [0.1, 0.2]
