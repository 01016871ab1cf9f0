"""The layers of a model as lines of text, for dry runs."""

from typing import Any

from sweepgd.models import Architecture
from sweepgd.models.layer_summary import LayerRow, layer_rows

HEADINGS = ("layer", "output", "parameters", "multiply-adds of a row")


def layer_lines(architecture: Architecture) -> list[str]:
    """Return a table of the layers with their totals. A model of a single layer or without layers has no lines."""
    rows = layer_rows(architecture)
    if len(rows) < 2:
        return []
    cells = [HEADINGS, *map(_cells, enumerate(rows, 1))]
    cells.append(("all", "", f"{architecture.parameters:,}", f"{sum(row.multiply_adds for row in rows):,}"))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number < 2 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def _cells(numbered: tuple[int, LayerRow]) -> tuple[str, ...]:
    number, row = numbered
    inputs = f" of {' and '.join(map(str, row.inputs))}" if row.inputs else ""
    output = " × ".join(map(str, row.output))
    return f"{number:>2} {row.layer}{inputs}", output, f"{row.parameters:,}", f"{row.multiply_adds:,}"


def layer_values(architecture: Architecture) -> list[dict[str, Any]]:
    """Return the layers as values for JSON."""
    return [row._asdict() for row in layer_rows(architecture)]
