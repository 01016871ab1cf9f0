"""Room on the disk that a study is recorded on: how much it will take, and how much is there."""

import shutil
from pathlib import Path

# Kept free beside what the next parts take: a flush of 0.1 s, footers, and the file system's own blocks.
RESERVE_BYTES = 2**20


def free_bytes(folder: Path) -> int:
    """What may still be written below a folder, which need not be there yet."""
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(existing).free


def in_words(size: int) -> str:
    """A number of bytes as people read it: "1.5 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
