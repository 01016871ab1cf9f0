"""Read from the lock file of a results directory which search is writing to the directory."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sweepgd.record.lock import RELEASED, is_held, lock_path


class Activity(NamedTuple):
    """The last command that wrote to a directory, and the search that this command announced.

    `held` is True while the command runs, and None if this cannot be found out. `released` is True if the command ended as
    intended. `total`, `where` and `began` describe the command's search: the number of trials (of a shard, if the search runs a
    shard), the place where the trials run, and the time at which the search began. These three are None if the command is not a
    search, or if its search has not begun.
    """

    holder: str
    held: bool | None
    released: bool
    total: int | None = None
    where: str | None = None
    began: datetime | None = None

    @property
    def searching(self) -> bool:
        """True if a search is running."""
        return self.held is True and self.total is not None

    @property
    def killed(self) -> bool:
        """True if the last command ended without releasing the directory."""
        return self.held is False and bool(self.holder) and not self.released


def announce(lock: int, total: int, where: str) -> None:
    """Write to the lock file with the descriptor `lock`, which this process holds, that a search begins."""
    search = {"total": total, "where": where, "began": datetime.now(UTC).isoformat()}
    with suppress(OSError):  # a full disk, of which the search tells by itself
        os.write(lock, f"\n{json.dumps(search)}".encode())


def activity(directory: Path) -> Activity:
    """Return what the lock file of a results directory tells."""
    held = is_held(directory)
    lines: list[str] = []
    with suppress(OSError):
        lines = lock_path(directory).read_text(encoding="utf-8", errors="replace").split("\n")
    known = Activity(lines[0] if lines else "", held, lines[-1:] == [RELEASED])
    with suppress(ValueError, IndexError, KeyError, TypeError):  # a command that is not a search
        search = json.loads(lines[1])
        began = datetime.fromisoformat(search["began"])
        return known._replace(total=int(search["total"]), where=str(search["where"]), began=began)
    return known
