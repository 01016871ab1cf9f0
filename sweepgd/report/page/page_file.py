"""The file of a page, and the place of the progress in the page of a running search."""

from pathlib import Path

from sweepgd.record.atomic_files import atomic_replacement, writing
from sweepgd.report.page.escaping import text

# The progress of a running search. Nothing from a sweep file can look like it, because `<` is escaped.
RUNNING = '<p id="running" role="status"></p>'


def with_progress(page: str, progress: str) -> str:
    """Return a page in which RUNNING says the progress."""
    return page.replace(RUNNING, RUNNING.replace("></", f">{text(progress)}</"), 1)


def write_html(page: str, file: Path) -> None:
    """Write a page to a file atomically, replacing an earlier page. Raises SweepgdError if the file cannot be written."""
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_replacement(file) as temporary:
            temporary.write_bytes(page.encode("utf-8", "backslashreplace"))
