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
    """Follow a search from another terminal or machine, until it ends. Only its results directory is read."""
    from sweepgd.cli.console import stderr
    from sweepgd.cli.live_view import LiveView
    from sweepgd.report.followed_search import KILLED, RUNNING, FollowedSearch

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
    line = _ending(search)
    if search.state == KILLED:
        raise SweepgdError(line)
    console.print(line, soft_wrap=True)


def _print(search: "FollowedSearch", as_json: bool) -> None:
    if as_json:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        print(json.dumps({"time": time, "state": search.state} | search.status.values()), flush=True)


def _ending(search: "FollowedSearch") -> str:
    """Return a line that says how the search has ended, and what to do next."""
    from sweepgd.report.followed_search import COMPLETE, KILLED

    done, total, directory = search.status.done, search.status.total, search.directory
    if search.state == COMPLETE:
        return f"The search is complete. Next: sweepgd analyze {quote(str(directory))}"
    remedy = f"{done} of {total} trials are recorded in {directory}; run the same sweepgd search command to continue"
    if search.state == KILLED:
        return f"the search was killed ({search.activity.holder}): {remedy}"
    return f"The search has ended before its last trial: {remedy}."
