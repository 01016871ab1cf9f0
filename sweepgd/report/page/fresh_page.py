"""The process that keeps the page of a running search fresh.

The progress at the top of the page is replaced every few seconds. Figures and tables take seconds of processor time, so they
are made again only as often as a small share of the processor permits.
"""

import os
import sys
from pathlib import Path
from time import monotonic, process_time

import pyarrow.compute as pc

from sweepgd.execution.fork_server import cores
from sweepgd.record import load
from sweepgd.report.page.escaping import text
from sweepgd.report.page.page import RUNNING, study_page, write_html, write_page

# The share of the machine's cores that this process may use after its first page.
SHARE = 0.005
READ_BYTES = 2**20


def keep_fresh(directory: Path, progress: int, seconds: int) -> None:
    """Write `report.html` of a results directory until the search ends, and then once more.

    `progress` is a descriptor from which lines with the progress of the search are read. The lines end when the search ends,
    even if the search is killed. The page reloads itself every `seconds`. Raises SweepgdError if a page cannot be written.
    """
    file, page, shown, began = directory / "report.html", "", 0, monotonic()
    while lines := os.read(progress, READ_BYTES).decode("utf-8", "replace").splitlines():
        if not page or process_time() < SHARE * cores() * (monotonic() - began):
            results = load(directory)
            page, shown = study_page(results, refresh=seconds), pc.count_distinct(results.trials["trial"]).as_py()
        now = f"The search is running: {lines[-1]}. The figures and tables show {shown} trials."
        write_html(page.replace(RUNNING, RUNNING.replace("></", f">{text(now)}</"), 1), file)
    write_page(load(directory), file)


if __name__ == "__main__":
    keep_fresh(Path(sys.argv[1]), sys.stdin.fileno(), int(sys.argv[2]))
