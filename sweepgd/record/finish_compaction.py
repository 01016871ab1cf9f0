"""The last step of a compaction, which puts the merged parts in place. At any moment, readers find each row at most once."""

import shutil
from pathlib import Path

from sweepgd.record.atomic_files import sync_folder
from sweepgd.record.parts import COMPACTED, numbers
from sweepgd.record.schema import SCHEMAS

BEGUN = ".compacting"


def finish_compaction(directory: Path) -> None:
    """Replace the old parts by the merged parts of a complete compaction. Discard an incomplete compaction.

    This function can be interrupted at any point and repeated. Two renames replace a folder of parts. Between the two renames,
    the folder is missing, so that a row is never present twice.
    """
    shutil.rmtree(directory / BEGUN, ignore_errors=True)
    complete = directory / COMPACTED
    if not complete.is_dir():
        return
    for table in SCHEMAS:
        if (complete / table).is_dir():
            if (directory / table).is_dir():
                (directory / table).rename(complete / f"{table}.before")
            (complete / table).rename(directory / table)
    sync_folder(directory)
    sync_folder(complete)
    for table in SCHEMAS:
        before = complete / f"{table}.before"
        if before.is_dir():
            for number in numbers(before, ".parquet"):
                (before / f"{number:06}.parquet").unlink()
            for path in before.iterdir():  # the folder may have other files, which a user has put there
                path.rename(directory / table / path.name)
            before.rmdir()
    complete.rmdir()
    sync_folder(directory)
