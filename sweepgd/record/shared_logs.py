"""Logs of several commands that shared a results directory.

Earlier versions let several commands write to one results directory. Each command had a folder `log/<name>` with a lock file
and with a log of finished results that were not yet added to the study. If the command was killed, its folder is still there.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sweepgd.core.errors import SweepgdError
from sweepgd.record.log import faults, frames


def waiting_logs(directory: Path) -> list[Path]:
    """Return the sorted logs of single commands in a results directory."""
    return sorted((directory / "log").glob("[!.]*/*.log"))


def waiting_records(log: Path) -> Iterator[bytes]:
    """Yield the undamaged records of the log of a single command. A file that is not a log has no records."""
    with suppress(SweepgdError):
        yield from frames(log)


def remove_waiting(log: Path) -> Path | None:
    """Remove the log of a single command once its records are durable elsewhere.

    Also remove the log's folder if no other log is in it. A damaged or incomplete log is kept as `log/<name>-<log's
    name>.torn`. Return the path of a kept log, or None.
    """
    folder, torn = log.parent, None
    if _is_whole(log):
        log.unlink()
    else:
        torn = log.rename(folder.with_name(f"{folder.name}-{log.stem}.torn"))
    if not any(folder.glob("*.log")):
        (folder / "lock").unlink(missing_ok=True)
        with suppress(OSError):  # the folder may hold other files
            folder.rmdir()
    return torn


def _is_whole(log: Path) -> bool:
    try:
        return faults(log) == (0, 0)
    except SweepgdError:
        return False
