"""A compaction, from when it is complete to when it is in place: readers find each row once at any moment between."""

import shutil
from pathlib import Path

from sweepgd.record.files import sync_folder
from sweepgd.record.parts import COMPACTED, numbers
from sweepgd.record.schema import SCHEMAS

BEGUN = ".compacting"


def finish_compaction(directory: Path) -> None:
    """Puts a complete compaction in the place of the parts that it was made of, and gives up one that was not completed.

    Can be interrupted at any point and repeated. A folder of parts is replaced by two renames, so that between them it is
    missing: its rows are never there twice.
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
            for path in before.iterdir():  # whatever else somebody has put there
                path.rename(directory / table / path.name)
            before.rmdir()
    complete.rmdir()
    sync_folder(directory)
