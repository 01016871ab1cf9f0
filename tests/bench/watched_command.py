"""Memory and processor time of a command while it runs, read from /proc (Linux)."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

EVERY = 0.2  # seconds between looks; a look takes about a millisecond a process


class Watch:
    """Watches the processes of a session until left. Both values are 0 where there is no /proc.

    `peak` is the peak memory of all processes in bytes, where pages that they share count once. `parent_seconds` is the
    processor time of the command's first process, without its workers.
    """

    def __init__(self, session: int) -> None:
        self.peak, self.parent_seconds = 0, 0.0
        self._session, self._done = session, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self.peak = max(self.peak, sum(map(_proportional_bytes, processes(self._session))))
            self.parent_seconds = max(self.parent_seconds, _processor_seconds(self._session))


def processes(session: int) -> list[Path]:
    """The folders in /proc of those that run; not of one that has ended and waits to be noticed."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name, which may hold blanks and ends in ")": state, parent, group, session.
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                found.append(stat.parent)
    return found


def _proportional_bytes(process: Path) -> int:
    with suppress(OSError):
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def _processor_seconds(process: int) -> float:
    with suppress(OSError):
        # After the name: 11 fields, and then ticks in user mode and in the kernel.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
