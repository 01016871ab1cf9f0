"""Temporary folders: those of killed processes are removed, and nothing else is, whatever it is called."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sweepgd import scratch

KILLED = """
import os, signal, tempfile
from pathlib import Path
from sweepgd import scratch
with scratch.scratch_folder() as folder:
    (folder / "data").write_text("left")
    other = Path(tempfile.mkdtemp(prefix="pymp-"))
    scratch.mark(other)
    (other / "listener").write_text("left")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty temporary folder, which others may share."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folders_of_a_killed_process_are_removed_by_the_next(temporary):
    subprocess.run([sys.executable, "-c", KILLED], env=os.environ | {"TMPDIR": str(temporary)})
    assert sorted(path.name.partition("-")[0] for path in temporary.iterdir()) == ["pymp", "sweepgd"]
    with scratch.scratch_folder() as folder:
        assert list(temporary.iterdir()) == [folder]
    assert list(temporary.iterdir()) == []


def test_what_only_has_such_a_name_stays_and_is_not_waited_for(temporary):
    os.mkfifo(temporary / "sweepgd-data-x")
    (temporary / "sweepgd-data-file").write_text("a file")
    (temporary / "theirs").mkdir()
    (temporary / "sweepgd-data-link").symlink_to(temporary / "theirs")
    (temporary / "pymp-of-another-program").mkdir()
    before = sorted(temporary.iterdir())
    scratch.remove_deserted()
    assert sorted(temporary.iterdir()) == before


def test_a_folder_that_is_held_stays(temporary):
    with scratch.scratch_folder() as folder:
        (folder / "data").write_text("used")
        scratch.remove_deserted()
        assert (folder / "data").read_text() == "used"
        locked = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(locked)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_the_folder_of_another_user_stays(temporary):
    theirs = Path(tempfile.mkdtemp(prefix=scratch.PREFIX))
    os.chown(theirs, 12345, -1)
    scratch.remove_deserted()
    assert theirs.exists()
