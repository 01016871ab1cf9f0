"""The search that is writing to a results directory, as far as its lock file tells."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sweepgd.record.lock import RELEASED, is_held, lock_path


class Activity(NamedTuple):
    """The last command that wrote to a directory, and the search that it announced.

    `held` is True while the command runs, and None if that cannot be found out. `released` is True if it ended as intended.
    `total`, `where` and `began` describe its search: the number of trials, such as those of a shard, the place where they run,
    and the time of the start. They are None for a command that is not a search, or a search that has not begun.
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
    """Write to a held lock file, by its descriptor, that a search begins."""
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
