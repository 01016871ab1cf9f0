"""The figures of sweeps on README.md and sweeps/BUNDLED.md: `python -m tests.pages NAME` writes them to the pages.

It runs the sweep NAME again, or reads the results directory that is its second argument. The figures of quickstart include
times: run it on an idle machine.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from sweepgd import load, search
from sweepgd.analysis import sharpness, summary
from sweepgd.analysis.correlations import ALL, MATCHED
from sweepgd.analysis.granulated import OVERALL
from sweepgd.record import Results
from sweepgd.report.summary_tables import render

ROOT = Path(__file__).parents[1]
README, BUNDLED = ROOT / "README.md", ROOT / "sweeps" / "BUNDLED.md"
WIDTH = 128

# What the pages call the measures that they speak of.
NAMES = {
    "lambda_max": "λmax",
    "trace": "the trace",
    "phi_0.001": "Keskar's φ at ε = 1e-3",
    "asam_max": "ASAM's sharpness",
    "relative_flatness": "relative flatness",
    "distance": "the distance from the start",
}
# The rows of the tables of small and large batches.
COMPARED = ("train_loss", "test_error", "generalization_gap", *NAMES)
RULES = {
    "sgd": "gradient descent",
    "momentum_average": "momentum (as a moving average of gradients, which at one rate is the same speed)",
    "adam": "Adam",
}


def quickstart_table(results: Results) -> str:
    """The table of batch sizes, and what it says of times and divergences."""
    tables = summary(results, 5)
    rows = {row["batch_size"]: row for row in tables["by_batch_size"].to_pylist()}
    one, two, large = rows[1], rows[2], rows[512]
    said = (
        f"An update of 512 rows takes {large['seconds_per_update'] / one['seconds_per_update']:.0f} times as long as one of a"
        " single row, and an epoch at batch size 512 takes"
        f" 1/{one['seconds_per_epoch'] / large['seconds_per_epoch']:.0f} of the time of one at batch size 1;"
        f" {two['diverged']} of {two['diverged'] + two['completed']} runs at batch size 2 diverged, and are recorded like the"
        " others. `sweepgd analyze results/quickstart --figures figures` also draws the map of learning rate and batch size;"
        " crosses are runs that diverged:"
    )
    return f"{_table(tables, 'by_batch_size')}\n\n{_filled(said)}"


def quickstart(results: Results) -> str:
    """Return the results of the sweep as a sentence."""
    tables = summary(results, 5)
    rows = {row["batch_size"]: row for row in tables["by_batch_size"].to_pylist()}
    errors = [100 * row["validation_error"] for row in rows.values()]
    diverged = {
        row["optimizer"]: 100 * row["diverged"] / (row["diverged"] + row["completed"])
        for row in tables["by_optimizer"].to_pylist()
    }
    runs = results.trials.num_rows
    return _filled(
        f"Every batch size from 1 to 512 reaches a validation error between {min(errors):.1f} and {max(errors):.1f} %, at rates"
        f" that grow with it; {runs} runs say little about which is best, as the standard errors show. An epoch at batch 512"
        f" takes 1/{rows[1]['seconds_per_epoch'] / rows[512]['seconds_per_epoch']:.0f} of the time of one at batch 1. Momentum"
        f" diverged in {diverged['momentum']:.0f} % of its runs (its rates were plain SGD's), Adam, with a range of its own, in"
        f" {diverged['adam']:.0f} %."
    )


def moons(results: Results) -> str:
    """After how many epochs each rule reached the goal, in how many of its runs."""
    said = []
    for rule, name in RULES.items():
        runs = [row for row in results.trials.to_pylist() if row["optimizer"] == rule]
        epochs = sorted(
            round(row["steps_to_goal"] * row["epochs"] / row["updates"]) for row in runs if row["steps_to_goal"] is not None
        )
        after = f", after {epochs[0]:,} to {epochs[-1]:,} epochs" if epochs else ""
        said.append(f"{name} in {len(epochs)} of {len(runs)} runs{after}")
    budget = max(results.trials["epochs"].to_pylist())
    return _filled(f"Within {budget:,.0f} epochs 90 % is reached by {'; by '.join(said)}.")


def sharp_flat(results: Results) -> str:
    """The comparison of the batch sizes, and which measures go with the gap."""
    tables = sharpness(results)
    correlated, granulated = (
        [row for row in tables[name].to_pylist() if row["measure"] in NAMES and row["target"] == "generalization_gap"]
        for name in ("correlations", "granulated")
    )
    scopes = {
        "over all runs": {row["measure"]: (row["verdict"], row["kendall"]) for row in correlated if row["among"] == ALL},
        "among runs of equal train loss": {
            row["measure"]: (row["verdict"], row["kendall"]) for row in correlated if row["among"] == MATCHED
        },
        "where one hyperparameter differs alone": {
            row["measure"]: (row["verdict"], row["value"]) for row in granulated if row["axis"] == OVERALL
        },
    }
    said = "; ".join(f"{scope} {_related(rows)}" for scope, rows in scopes.items())
    return f"{compared(results)}\n\n{_filled(f'{said[0].upper()}{said[1:]}.')}"


def compared(results: Results) -> str:
    """The comparison of the batch sizes as `analyze` shows it, of the measures that the pages speak of."""
    rows = sharpness(results)["small_large"]
    return _table({"small_large": rows.filter(pc.is_in(rows["quantity"], pa.array(COMPARED)))}, "small_large", questioned=False)


def _related(rows: dict[str, tuple[str, float | None]]) -> str:
    """Return a sentence on the measures that correlate with the gap. `rows` has verdict and τ-b by name."""
    said = []
    for which in ("larger", "smaller"):
        going = {name: value for name, (verdict, value) in rows.items() if verdict == f"{which} gap" and value is not None}
        if going:
            between = f"τ-b {min(going.values()):.2f} to {max(going.values()):.2f}"
            said.append(f"{_names(going)} {'go' if len(going) > 1 else 'goes'} with a {which} gap ({between})")
    others = [name for name, (verdict, _) in rows.items() if verdict == "inconclusive"]
    if not said:
        return "no measure is related to the gap beyond its interval"
    return " and ".join(said) + (
        f", while {_names(others)} {'are' if len(others) > 1 else 'is'} inconclusive" if others else ""
    )


def _names(quantities: Iterable[str]) -> str:
    """Return the names of quantities on the pages, as a list in words."""
    names = [NAMES[quantity] for quantity in quantities]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _table(tables: dict[str, pa.Table], name: str, *, questioned: bool = True) -> str:
    """A table as the terminal shows it, with the question above it or without."""
    console = Console(width=WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(render({name: tables[name]}))
    lines = [line.rstrip() for line in captured.get().strip().splitlines()]
    return "\n".join(["```", *lines[0 if questioned else 1 :], "```"])


def _filled(text: str) -> str:
    return fill(text, WIDTH, break_on_hyphens=False)


BLOCKS: dict[str, dict[Path, Callable[[Results], str]]] = {
    "quickstart": {README: quickstart_table, BUNDLED: quickstart},
    "moons_optimizers": {BUNDLED: moons},
    "sharp_flat": {BUNDLED: sharp_flat},
    "sharp_flat_fashion": {BUNDLED: compared},
}


def block(name: str, page: Path) -> str:
    """Return the block of a page about a sweep."""
    (found,) = _lines(name).findall(page.read_text(encoding="utf-8"))
    return found


def write(name: str, results: Results) -> None:
    """Put the figures of these results on the pages."""
    for page, made in BLOCKS[name].items():
        text = made(results)
        page.write_text(_lines(name).sub(lambda _, text=text: text, page.read_text(encoding="utf-8")), encoding="utf-8")


def _lines(name: str) -> re.Pattern[str]:
    begin, end = f"<!-- {name}: python -m tests.pages {name} -->\n", f"\n<!-- {name} ends -->"
    return re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)


if __name__ == "__main__":
    sweep = sys.argv[1]
    if len(sys.argv) > 2:
        write(sweep, load(sys.argv[2]))
    else:
        with TemporaryDirectory() as folder:
            write(sweep, search(sweep, out=folder))
