"""Cache results in the user's cache folder. The results take long to compute and never change.

The key of an entry holds everything on which the entry's content depends, including versions of libraries. The entry is a
folder whose name is a digest of the key. The folder contains a digest of its files and appears by one rename. Concurrent
processes, a kill, damage and deletion therefore cost only the time to compute the entry again. An entry may hold code that is
run, such as a pickle. Therefore an entry is read only if no one except the user and root can have written it.
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

# The largest entry in bytes. An entry saves about a second at the start of a search, mostly the import of a library, which is
# not worth more disk space.
LARGEST_BYTES = 1 << 20
DIGEST_FILE = "seal"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def versions(*distributions: str) -> dict[str, str]:
    """Return the installed versions of these distributions, for a key."""
    return {name: version(name) for name in distributions}


def recall(key: Key, read: Callable[[Path], T]) -> T | None:
    """Return `read(folder)` for the entry with this key, or None if there is no intact entry."""
    folder = _folder(key)
    with suppress(OSError):
        if is_whole(folder):
            return read(folder)
    return None


def keep(key: Key, size: int, write: Callable[[Path], None]) -> None:
    """Store the files that `write(folder)` creates, of `size` bytes, as the entry for this key.

    Do nothing if `size` exceeds LARGEST_BYTES or the cache cannot be written. The content is then computed each time.
    """
    if size <= LARGEST_BYTES:
        store_folder(_folder(key), write)


def store_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Make `folder` an entry with the files that `write(empty_folder)` creates. Do nothing if the files cannot be written."""
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as temporary:
            entry = Path(temporary) / "entry"
            entry.mkdir(mode=0o700)
            write(entry)
            (entry / DIGEST_FILE).write_text(_digest(entry))
            if not is_whole(folder):
                if os.path.lexists(folder):
                    folder.rename(Path(temporary) / "damaged")
                entry.rename(folder)


def is_whole(folder: Path) -> bool:
    """Return True if a folder is a private entry of the user with all files unchanged."""
    try:
        if not is_private(folder.parent) or not is_private(folder):
            return False
        own = all(path.lstat().st_uid == os.getuid() for path in folder.rglob("*"))
        return own and (folder / DIGEST_FILE).read_bytes() == _digest(folder).encode()
    except OSError:  # the folder does not exist, or another process has just replaced the folder
        return False


def is_private(folder: Path) -> bool:
    """Return True if a folder belongs to the user and only the user can write to it. Raise OSError if the folder does not
    exist.
    """
    status = folder.stat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & OTHERS_WRITE


def _folder(key: Key) -> Path:
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]
    return platformdirs.user_cache_path("sweepgd") / "kept" / name


def _digest(folder: Path) -> str:
    """Return a digest of the names and contents of all files except the digest file."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / DIGEST_FILE:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(content)} ".encode() + content)
    return digest.hexdigest()
