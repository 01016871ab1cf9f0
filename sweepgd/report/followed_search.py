"""A search that another process runs, as its results directory shows it."""

import tomllib
from datetime import datetime
from pathlib import Path

from sweepgd.record import load
from sweepgd.record.activity import Activity, activity
from sweepgd.record.follow import Follower
from sweepgd.report.search_status import SearchStatus

RUNNING, COMPLETE, STOPPED, KILLED = "running", "complete", "stopped", "killed"


class FollowedSearch:
    """The `status` of a search and its `state`, as of the last `read`.

    The rate is the rate of the running search, or of the last search. It is computed from recorded times only, so that the
    clock of this machine does not matter. Raises SweepgdError if the directory is not a results directory.
    """

    def __init__(self, directory: Path) -> None:
        search = tomllib.loads(load(directory).sweep_toml).get("search", {})
        self.directory, self.status, self.state = directory, SearchStatus(), RUNNING
        self.activity = Activity("", None, released=False)
        self._follower = Follower(directory)
        self._planned = int(search.get("trials") or 0)
        self._latest: datetime | None = None

    def read(self) -> bool:
        """Read what was recorded since the last call. Return True if the status or the state has changed."""
        status, before = self.status, (self.status.done, self.status.total, self.state, self.activity)
        now = activity(self.directory)  # before the trials, so that none is missed once the search has ended
        already = status.already if now.began == self.activity.began else status.done
        for rows in self._follower.new_trials():
            status.add_rows(rows)
            status.done += 1
            finished = max((row["finished_at"] for row in rows if row["finished_at"]), default=None)
            if now.began is None or finished is None or finished < now.began:
                already += 1
            elif self._latest is None or finished > self._latest:
                self._latest = finished
        status.begin(now.total or max(self._planned, status.done), status.done, now.where or "", self._seconds)
        status.already = already
        self.activity, self.state = now, self._state(now)
        return before != (status.done, status.total, self.state, now)

    def _state(self, now: Activity) -> str:
        complete = self.status.done >= self.status.total
        if now.searching or (now.held is not False and not complete):
            return RUNNING
        return COMPLETE if complete else KILLED if now.killed else STOPPED

    def _seconds(self) -> float:
        """Return the seconds from the start of the search to the last trial that it recorded."""
        began = self.activity.began
        return 0.0 if began is None or self._latest is None else (self._latest - began).total_seconds()
