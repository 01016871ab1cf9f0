"""`sweepgd watch`: follow a search from another terminal or another machine."""

import json
from datetime import UTC, datetime
from shlex import quote
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated

import typer

from sweepgd.cli.options import Directory
from sweepgd.core.errors import SweepgdError

if TYPE_CHECKING:
    from sweepgd.report.followed_search import FollowedSearch

# The interval between two readings of the directory.
READ_SECONDS = 1.0
# A search that was started a moment ago has no directory yet: it prepares its data first.
WAIT_SECONDS = 10.0


def watch(
    directory: Directory,
    json_: Annotated[bool, typer.Option("--json", help="Print a line of JSON on stdout for each update.")] = False,
) -> None:
    """Follow a search from another terminal or machine, until it ends. Only its results directory is read.

    The exit code is 1 if the search ended before its last trial.
    """
    from sweepgd.cli.console import stderr
    from sweepgd.cli.live_view import LiveView
    from sweepgd.report.followed_search import RUNNING, FollowedSearch

    begun = monotonic()
    while not (directory / "sweep.toml").is_file() and monotonic() - begun < WAIT_SECONDS:
        sleep(READ_SECONDS)
    search = FollowedSearch(directory)
    search.read()
    console = stderr(quiet=json_)
    with LiveView(search.status, console, quiet=json_) as view:
        view.start()
        view.changed(now=True)
        _print(search, json_)
        while search.state == RUNNING:
            sleep(READ_SECONDS)
            if search.read():
                _print(search, json_)
                view.changed(now=search.state != RUNNING)
    _raise_unless_complete(search)
    console.print(f"The search is complete. Next: sweepgd analyze {quote(str(directory))}", soft_wrap=True)


def _print(search: "FollowedSearch", as_json: bool) -> None:
    if as_json:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        print(json.dumps({"time": time, "state": search.state} | search.status.values()), flush=True)


def _raise_unless_complete(search: "FollowedSearch") -> None:
    """Raise SweepgdError if the search has ended before its last trial, so that a script does not go on with a part of it."""
    from sweepgd.report.followed_search import COMPLETE, KILLED

    if search.state == COMPLETE:
        return
    done, total = search.status.done, search.status.total
    how = f"was killed ({search.activity.holder})" if search.state == KILLED else "was stopped, by Ctrl-C or a limit of time"
    raise SweepgdError(
        f"the search {how}: {done} of {total} trials are recorded in {search.directory}; "
        "run the same sweepgd search command to continue"
    )
