"""What takes long to make and never changes, kept in the user's cache.

An entry is a folder named by a digest of its key, which holds all that the content depends on, the versions of libraries too.
It is sealed with a digest of its files and renamed into place whole, so that two processes at once, a kill, damage and a cache
that is deleted cost nothing but the time to make it anew. What is read from an entry may be code that is run, as a pickle is:
an entry counts only where nobody but the user, and root, can have written it.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import platformdirs

T = TypeVar("T")
Key = Mapping[str, Any]

# What a start spares is the second that importing a library takes, which is not worth more of the user's disk.
LARGEST_BYTES = 1 << 20
SEAL = "seal"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def versions(*distributions: str) -> dict[str, str]:
    """What is installed of these distributions, for a key."""
    return {name: version(name) for name in distributions}


def recall(key: Key, read: Callable[[Path], T]) -> T | None:
    """What `read` gives of the folder kept for this key; None where there is none, or not as it was kept."""
    folder = _folder(key)
    with suppress(OSError):
        if is_whole(folder):
            return read(folder)
    return None


def keep(key: Key, size: int, write: Callable[[Path], None]) -> None:
    """Keeps the files that `write` leaves in a folder, of `size` bytes.

    Does nothing, without a word, where they are too large or the cache cannot be written: they are then made each time.
    """
    if size <= LARGEST_BYTES:
        place(_folder(key), write)


def place(folder: Path, write: Callable[[Path], None]) -> None:
    """Makes `folder` an entry of what `write` leaves in an empty folder; does nothing, without a word, where that fails."""
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as temporary:
            made = Path(temporary) / "made"
            made.mkdir(mode=0o700)
            write(made)
            (made / SEAL).write_text(_digest(made))
            if not is_whole(folder):
                if os.path.lexists(folder):
                    folder.rename(Path(temporary) / "damaged")
                made.rename(folder)


def is_whole(folder: Path) -> bool:
    """Whether a folder is an entry of the user's own, and every file in it as it was kept."""
    seal = folder / SEAL
    try:
        if not is_private(folder.parent) or not is_private(folder):
            return False
        own = all(path.lstat().st_uid == os.getuid() for path in folder.rglob("*"))
        return own and seal.read_bytes() == _digest(folder).encode()
    except OSError:  # it is not there, or another process has just replaced it
        return False


def is_private(folder: Path) -> bool:
    """Whether a folder is the user's, and nobody else may write to it. Raises OSError where it is not there."""
    status = folder.stat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & OTHERS_WRITE


def _folder(key: Key) -> Path:
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]
    return platformdirs.user_cache_path("sweepgd") / "kept" / name


def _digest(folder: Path) -> str:
    """Of the names and contents of all its files but the seal."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / SEAL:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(content)} ".encode() + content)
    return digest.hexdigest()
