"""The process that keeps the page of a running search fresh.

The progress at the top of the page is replaced every few seconds. Figures and tables take seconds of processor time, so they
are made only as often as a small share of the processor permits. Until then, the page shows the progress alone.
"""

import os
import sys
from pathlib import Path
from time import monotonic, process_time

from sweepgd.execution.fork_server import cores
from sweepgd.record import load
from sweepgd.report.page.escaping import text
from sweepgd.report.page.page_file import RUNNING, with_progress, write_html

# The share of the machine's cores that this process may use.
SHARE = 0.008
# The processor time of the first page with figures, imports included, in seconds.
FIRST_SECONDS = 4.0
READ_BYTES = 2**20


def keep_fresh(directory: Path, progress: int, seconds: int) -> None:
    """Write `report.html` of a results directory until the search ends, and then once more.

    `progress` is a descriptor from which lines with the progress of the search are read. The lines end when the search ends,
    even if the search is killed. The page reloads itself every `seconds`. Raises SweepgdError if a page cannot be written.
    """
    file, began, cost = directory / "report.html", monotonic(), FIRST_SECONDS
    page, content = _without_figures(directory, seconds), "The figures and tables follow, at the latest when the search ends."
    while lines := os.read(progress, READ_BYTES).decode("utf-8", "replace").splitlines():
        if process_time() + cost < SHARE * cores() * (monotonic() - began):
            before = process_time()
            page, trials = _with_figures(directory, seconds)
            cost, content = process_time() - before, f"The figures and tables show {trials} trials."
        write_html(with_progress(page, f"The search is running: {lines[-1]}. {content}"), file)
    from sweepgd.report.page.page import study_page

    write_html(study_page(load(directory)), file)


def _without_figures(directory: Path, seconds: int) -> str:
    """Return a page with nothing but the progress, which takes no time to make."""
    name = text(directory.name)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="{seconds}"><link rel="icon" href="data:,">
<title>{name} – sweepgd</title><style>body {{ font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
padding: 0 1.25rem; }}</style></head><body><main><h1>{name}</h1>{RUNNING}</main></body></html>"""


def _with_figures(directory: Path, seconds: int) -> tuple[str, int]:
    """Return the page of the trials so far, and their number."""
    import pyarrow.compute as pc

    from sweepgd.report.page.page import study_page

    results = load(directory)
    return study_page(results, refresh=seconds), pc.count_distinct(results.trials["trial"]).as_py()


if __name__ == "__main__":
    keep_fresh(Path(sys.argv[1]), sys.stdin.fileno(), int(sys.argv[2]))
