"""Prepare a results directory for writing, with its folders and its sweep.toml."""

import errno
import os
from pathlib import Path

from sweepgd.record.atomic_files import atomic_replacement, sync_folder
from sweepgd.record.finish_compaction import finish_compaction
from sweepgd.record.schema import SCHEMAS


def make_ready(directory: Path, sweep_toml: str) -> None:
    """Finish an interrupted compaction, and create the folders of the tables and `sweep.toml`. The caller holds the lock."""
    finish_compaction(directory)
    for name in SCHEMAS:
        folder = directory / name
        folder.mkdir(exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    path, text = directory / "sweep.toml", sweep_toml.encode()
    if not path.exists() or path.read_bytes() != text:
        with atomic_replacement(path) as temporary:
            temporary.write_bytes(text)
    sync_folder(directory.parent)
