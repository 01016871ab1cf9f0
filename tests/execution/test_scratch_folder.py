"""Temporary folders: only those of killed processes are removed."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sweepgd.execution import scratch_folder

KILLED = """
import os, signal, tempfile
from pathlib import Path
from sweepgd.execution import scratch_folder
with scratch_folder.scratch_folder() as folder:
    (folder / "data").write_text("left")
    other = Path(tempfile.mkdtemp(prefix="pymp-"))
    scratch_folder.mark(other)
    (other / "listener").write_text("left")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary_folder(tmp_path, monkeypatch):
    """An empty folder in place of the system's shared temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folders_of_a_killed_process_are_removed_by_the_next(temporary_folder):
    subprocess.run([sys.executable, "-c", KILLED], env=os.environ | {"TMPDIR": str(temporary_folder)})
    assert sorted(path.name.partition("-")[0] for path in temporary_folder.iterdir()) == ["pymp", "sweepgd"]
    with scratch_folder.scratch_folder() as folder:
        assert list(temporary_folder.iterdir()) == [folder]
    assert list(temporary_folder.iterdir()) == []


def test_other_entries_with_such_names_stay_and_do_not_block(temporary_folder):
    os.mkfifo(temporary_folder / "sweepgd-data-x")
    (temporary_folder / "sweepgd-data-file").write_text("a file")
    (temporary_folder / "theirs").mkdir()
    (temporary_folder / "sweepgd-data-link").symlink_to(temporary_folder / "theirs")
    (temporary_folder / "pymp-of-another-program").mkdir()
    before = sorted(temporary_folder.iterdir())
    scratch_folder.remove_deserted()
    assert sorted(temporary_folder.iterdir()) == before


def test_a_locked_folder_stays(temporary_folder):
    with scratch_folder.scratch_folder() as folder:
        (folder / "data").write_text("used")
        scratch_folder.remove_deserted()
        assert (folder / "data").read_text() == "used"
        locked = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(locked)


def test_a_folder_that_another_process_removes_before_it_is_opened_is_made_again(temporary_folder, monkeypatch):
    made, hold = [], scratch_folder.hold

    def removed_first(folder):
        made.append(folder)
        if len(made) < 3:
            folder.rmdir()
        return hold(folder)

    monkeypatch.setattr(scratch_folder, "hold", removed_first)
    with scratch_folder.scratch_folder() as folder:
        assert made[2:] == [folder]
        assert list(temporary_folder.iterdir()) == [folder]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_the_folder_of_another_user_stays(temporary_folder):
    other_folder = Path(tempfile.mkdtemp(prefix=scratch_folder.PREFIX))
    os.chown(other_folder, 12345, -1)
    scratch_folder.remove_deserted()
    assert other_folder.exists()
