"""The figures of README.md and sweeps/README.md on the sweep `quickstart`, as `python -m tests.pages` writes them there.

It runs the sweep anew, or takes the results directory that it is given. They hold times: run it on an idle machine.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill

from rich.console import Console

from sweepgd import load, search
from sweepgd.analysis import summary
from sweepgd.record import Results
from sweepgd.report.tables import render

ROOT = Path(__file__).parents[1]
WIDTH = 128


def readme(results: Results) -> str:
    """The table of batch sizes, and what it says of times and divergences."""
    tables = summary(results, 5)
    console = Console(width=110, color_system=None)
    with console.capture() as captured:
        console.print(render({"by_batch_size": tables["by_batch_size"]}))
    table = "\n".join(line.rstrip() for line in captured.get().strip().splitlines())
    rows = {row["batch_size"]: row for row in tables["by_batch_size"].to_pylist()}
    one, two, large = rows[1], rows[2], rows[512]
    said = (
        f"An update of 512 rows takes {large['seconds_per_update'] / one['seconds_per_update']:.0f} times as long as one of a"
        f" single row, and an epoch 1/{one['seconds_per_epoch'] / large['seconds_per_epoch']:.0f} of the time;"
        f" {two['diverged']} of {two['diverged'] + two['completed']} runs at batch size 2 diverged, and are rows too."
        " `sweepgd analyze results/quickstart --figures figures` draws the rate and batch map of the same sweep, crosses where"
        " runs diverged:"
    )
    return f"```\n{table}\n```\n\n{fill(said, WIDTH, break_on_hyphens=False)}"


def sweeps(results: Results) -> str:
    """What the sweep found, in words."""
    tables = summary(results, 5)
    rows = {row["batch_size"]: row for row in tables["by_batch_size"].to_pylist()}
    errors = [100 * row["validation_error"] for row in rows.values()]
    diverged = {
        row["optimizer"]: 100 * row["diverged"] / (row["diverged"] + row["completed"])
        for row in tables["by_optimizer"].to_pylist()
    }
    runs = results.trials.num_rows
    said = (
        f"Every batch size from 1 to 512 reaches a validation error between {min(errors):.1f} and {max(errors):.1f} %, at rates"
        f" that grow with it; {runs} runs say little about which is best, as the standard errors show. An epoch at batch 512"
        f" takes 1/{rows[1]['seconds_per_epoch'] / rows[512]['seconds_per_epoch']:.0f} of the time of one at batch 1. Momentum"
        f" diverged in {diverged['momentum']:.0f} % of its runs (its rates were plain SGD's), Adam, with a range of its own, in"
        f" {diverged['adam']:.0f} %."
    )
    return fill(said, WIDTH, break_on_hyphens=False)


BLOCKS: dict[Path, Callable[[Results], str]] = {ROOT / "README.md": readme, ROOT / "sweeps" / "README.md": sweeps}
_BLOCK = re.compile(r"(<!-- quickstart: python -m tests\.pages -->\n)(.*?)(\n<!-- quickstart ends -->)", re.DOTALL)


def block(page: Path) -> str:
    """What a page says of the sweep."""
    (found,) = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return found[1]


def write(results: Results) -> None:
    """Put the figures of these results on the pages."""
    for page, made in BLOCKS.items():
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(block(page), made(results)), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(load(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            write(search("quickstart", out=folder))
