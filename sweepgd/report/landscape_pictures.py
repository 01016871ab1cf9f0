"""Landscapes as text, and as PNG, SVG and HTML files. The files are drawn without a browser, and the HTML works offline."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.record.atomic_files import writing
from sweepgd.report.charts.chart_files import save_chart
from sweepgd.report.charts.landscape_line import landscape_line
from sweepgd.report.charts.landscape_surface import landscape_surface
from sweepgd.report.charts.style import Chart
from sweepgd.report.number_format import percent, significant


def write_pictures(table: pa.Table, trials: pa.Table, stem: Path) -> list[Path]:
    """Draw the landscape in a table to the files `stem`.png, .svg and .html, and return the files.

    Raises Missing if there is nothing to draw, and SweepgdError if a file cannot be written.
    """
    chart = landscape_chart(table, trials)
    files = [stem.with_name(stem.name + suffix) for suffix in (".png", ".svg", ".html")]
    with writing(stem):
        stem.parent.mkdir(parents=True, exist_ok=True)
        save_chart(chart, *files)
    return files


def landscape_chart(table: pa.Table, trials: pa.Table) -> Chart:
    """Return the chart of the landscape in a table. Raises Missing if there is nothing to draw."""
    return (landscape_line if _kind(table) == "line" else landscape_surface)(table, trials)


def as_json(table: pa.Table, file: Path, pictures: list[Path]) -> dict[str, Any]:
    """Return a landscape's settings, files, and lowest and highest train loss, as values for JSON."""
    measured = table.filter(pc.not_equal(table["kind"], "path"))
    losses = pc.min_max(measured["train_loss"]).as_py()
    settings = json.loads(table["settings"][0].as_py())
    return settings | {
        "numbers": str(file),
        "pictures": [str(picture) for picture in pictures],
        "train_loss": losses,
        "points_beyond_range": measured["train_loss"].null_count,
    }


def in_words(table: pa.Table) -> str:
    """Return a one-line summary of a landscape."""
    return _line(table) if _kind(table) == "line" else _surface(table)


def _kind(table: pa.Table) -> str:
    return table["kind"][0].as_py()


def _line(table: pa.Table) -> str:
    rows = table.to_pylist()
    between = [row for row in rows if 0.0 <= row["alpha"] <= 1.0]
    losses = [row["train_loss"] for row in between if row["train_loss"] is not None]
    first, last = (_number(row["train_loss"]) for row in (between[0], between[-1]))
    names = [f"{rows[0][f'{end}trial']}.{rows[0][f'{end}replicate']}" for end in ("", "other_")]
    highest = _number(max(losses) if len(losses) == len(between) else None)
    return f"line {names[0]} to {names[1]}: train loss {first} at α = 0, {last} at α = 1, at most {highest} between them"


def _surface(table: pa.Table) -> str:
    measured = table.filter(pc.equal(table["kind"], "surface"))
    losses = pc.min_max(measured["train_loss"]).as_py()
    highest = _number(None if measured["train_loss"].null_count else losses["max"])
    run = f"{table['trial'][0].as_py()}.{table['replicate'][0].as_py()}"
    words = f"surface {run}: train loss {_number(losses['min'])} to {highest}"
    explained = json.loads(table["settings"][0].as_py())["explained"]
    if explained:
        words += f"; the plane explains {percent(sum(explained))} % of the variance of the optimizer's path"
    return words


def _number(loss: float | None) -> str:
    return "beyond the floating-point range" if loss is None else significant(loss)
