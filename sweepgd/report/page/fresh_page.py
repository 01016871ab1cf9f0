"""Keep the page of a study fresh while a search writes to its directory."""

from pathlib import Path
from time import monotonic, process_time, sleep

from sweepgd.execution.fork_server import cores
from sweepgd.record import load
from sweepgd.record.activity import activity
from sweepgd.report.page.page import write_page

# A page is written at most this often, and less often if writing it would take more than this share of the machine's cores.
FRESH_SECONDS, SHARE = 5.0, 0.01
# The interval between checks of the end of the search.
CHECK_SECONDS = 0.5


def keep_fresh(directory: Path, file: Path, level: float | None = None) -> None:
    """Write the page of a study again and again until nothing writes to the study, and then once more.

    Until then, the page reloads itself. Raises SweepgdError if a page cannot be written.
    """
    pause, spent = FRESH_SECONDS, 0.0
    while activity(directory).held:
        began = monotonic()
        write_page(load(directory), file, level, refresh=round(pause))
        spent, before = process_time(), spent  # the first page includes the time of the imports
        pause = max(FRESH_SECONDS, (spent - before) / (SHARE * cores()))
        while activity(directory).held and monotonic() - began < pause:
            sleep(CHECK_SECONDS)
    write_page(load(directory), file, level)
