"""A results directory that is moved while a store has it open."""

import pytest
from recorded import append, file_names, finished

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, load, parts
from sweepgd.record.verify import verify

SWEEP = "name = 'tested'\n"


def moved_while_open(tmp_path):
    """Return two stores that were opened at one path. The directory of the first was moved, with trial 0 in its log."""
    first = Store.open(tmp_path / "out", SWEEP)
    append(first, finished(0))
    first.flush()
    (tmp_path / "out").rename(tmp_path / "moved")
    second = Store.open(tmp_path / "out", SWEEP)
    append(second, finished(1))
    second.flush()
    return first, second


MOVED = r"out was moved, removed or replaced while this command wrote to it: finished results are in the log"


@pytest.mark.parametrize("acts", [["publish", "close"], ["flush", "close"], ["close"]], ids="-".join)
def test_a_new_directory_at_the_path_of_a_moved_one_is_not_changed(tmp_path, acts):
    first, second = moved_while_open(tmp_path)
    append(first, finished(2))
    for act in acts:
        with pytest.raises(SweepgdError, match=MOVED):
            getattr(first, act)()
    second.publish()
    append(second, finished(3))
    second.publish()
    second.close()
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [1, 3]
    assert load(tmp_path / "moved").trials["trial"].to_pylist() == [0, 2]
    Store.open(tmp_path / "moved", SWEEP).close()
    assert file_names(tmp_path / "moved") == ["000001.parquet"]
    assert [verify(tmp_path / name).findings for name in ("out", "moved")] == [[], []]


def test_a_directory_moved_during_a_publication_gets_its_part(tmp_path, monkeypatch):
    """The new directory at its path keeps its own part of the same name."""
    store = Store.open(tmp_path / "out", SWEEP)
    for trial in range(2):
        append(store, finished(trial))
    store.flush()
    made = parts._TABLES["trials"]

    def moving(batch):
        if not (tmp_path / "moved").exists():
            (tmp_path / "out").rename(tmp_path / "moved")
            other = Store.open(tmp_path / "out", SWEEP)
            append(other, finished(9))
            other.close()
        return made(batch)

    monkeypatch.setitem(parts._TABLES, "trials", moving)
    with pytest.raises(SweepgdError, match=MOVED):
        store.publish()
    with pytest.raises(SweepgdError, match=MOVED):
        store.close()
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [9]
    assert load(tmp_path / "moved").trials["trial"].to_pylist() == [0, 1]
