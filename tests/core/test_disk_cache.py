"""An entry of the disk cache is read as it was stored, or not at all: damage, another key, a cache that cannot be written."""

import os
from multiprocessing import get_context
from pathlib import Path

import platformdirs
import pytest

from sweepgd.core import disk_cache

KEY = {"what": "text", "versions": {"numpy": "1"}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder of a user's cache."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "sweepgd" / "kept"


def read(folder: Path) -> str:
    return (folder / "text").read_text()


def keep(text: str, key: disk_cache.Key = KEY) -> None:
    disk_cache.keep(key, len(text), lambda folder: (folder / "text").write_text(text))


def test_an_entry_is_read_as_it_was_stored(cache: Path) -> None:
    assert disk_cache.recall(KEY, read) is None
    keep("sobol")
    assert disk_cache.recall(KEY, read) == "sobol"
    assert len(list(cache.iterdir())) == 1
    assert disk_cache.recall(dict(reversed(KEY.items())), read) == "sobol"


def test_another_version_is_another_entry() -> None:
    keep("old")
    assert disk_cache.recall(KEY | {"versions": {"numpy": "2"}}, read) is None


@pytest.mark.parametrize("damage", ["change", "cut", "remove", "no digest", "zeros"])
def test_a_damaged_entry_is_replaced(cache: Path, damage: str) -> None:
    keep("sobol")
    (entry,) = cache.iterdir()
    match damage:
        case "change":
            (entry / "text").write_text("sabol")
        case "cut":
            (entry / "text").write_text("sob")
        case "remove":
            (entry / "text").unlink()
        case "no digest":
            (entry / disk_cache.DIGEST_FILE).unlink()
        case "zeros":
            for path in entry.iterdir():
                path.write_bytes(bytes(path.stat().st_size))
    assert disk_cache.recall(KEY, read) is None
    keep("sobol")
    assert disk_cache.recall(KEY, read) == "sobol"
    assert list(cache.iterdir()) == [entry]


@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("which", ["entry", "cache"])
def test_an_entry_writable_by_others_is_not_read(cache: Path, which: str, mode: int) -> None:
    keep("sobol")
    (entry,) = cache.iterdir()
    (cache if which == "cache" else entry).chmod(mode)
    assert disk_cache.recall(KEY, read) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_an_entry_of_another_user_is_not_read(cache: Path) -> None:
    keep("sobol")
    os.chown(next(cache.rglob("text")), 12345, -1)
    assert disk_cache.recall(KEY, read) is None
    keep("sobol")
    assert disk_cache.recall(KEY, read) == "sobol"


def test_an_entry_is_private_whatever_the_umask(cache: Path) -> None:
    before = os.umask(0)
    try:
        keep("sobol")
    finally:
        os.umask(before)
    assert disk_cache.recall(KEY, read) == "sobol"


def test_an_intact_entry_is_not_replaced(cache: Path) -> None:
    keep("first")
    keep("second")
    assert disk_cache.recall(KEY, read) == "first"
    assert len(list(cache.iterdir())) == 1


def test_failed_and_too_large_entries_are_not_stored(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        (folder / "text").write_text("so")
        raise OSError(28, "No space left on device")

    disk_cache.keep(KEY, 5, full)
    monkeypatch.setattr(disk_cache, "LARGEST_BYTES", 4)
    keep("sobol")
    assert disk_cache.recall(KEY, read) is None
    assert not list(cache.iterdir())


def test_a_cache_that_cannot_be_written_stores_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    keep("sobol")
    assert disk_cache.recall(KEY, read) is None


def _write_and_die(folder: Path) -> None:
    (folder / "text").write_text("sob")
    os._exit(9)


def _keep_and_die(root: Path) -> None:
    platformdirs.user_cache_path = lambda name: root
    disk_cache.keep(KEY, 5, _write_and_die)


def test_a_kill_during_writing_leaves_no_entry(tmp_path: Path) -> None:
    process = get_context("spawn").Process(target=_keep_and_die, args=(tmp_path / "cache" / "sweepgd",))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert disk_cache.recall(KEY, read) is None
    keep("sobol")
    assert disk_cache.recall(KEY, read) == "sobol"
