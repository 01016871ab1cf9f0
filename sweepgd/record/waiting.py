"""Results that wait in the log of one of several commands.

Earlier versions let several commands share a result directory. Each had a folder `log/<name>` with a lock file and a log of the
results that it had finished and that did not yet count. Where such a command was killed, the folder is still there.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sweepgd.problem import Problem
from sweepgd.record.log import faults, frames


def waiting_logs(directory: Path) -> list[Path]:
    """The logs of single commands in a result directory."""
    return sorted((directory / "log").glob("[!.]*/*.log"))


def waiting_records(log: Path) -> Iterator[bytes]:
    """The records of such a log that are whole; none where it does not begin as a log does."""
    with suppress(Problem):
        yield from frames(log)


def remove_waiting(log: Path) -> Path | None:
    """Remove such a log once its records are durable elsewhere, and its folder with the last one.

    A log with bytes of no whole record is kept, as `log/<name>-<log's name>.torn`: return that path, else None.
    """
    folder, torn = log.parent, None
    if _is_whole(log):
        log.unlink()
    else:
        torn = log.rename(folder.with_name(f"{folder.name}-{log.stem}.torn"))
    if not any(folder.glob("*.log")):
        (folder / "lock").unlink(missing_ok=True)
        with suppress(OSError):  # it holds other files
            folder.rmdir()
    return torn


def _is_whole(log: Path) -> bool:
    try:
        return faults(log) == (0, 0)
    except Problem:
        return False
