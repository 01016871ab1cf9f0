"""Charts as files, drawn without a browser."""

from io import StringIO
from pathlib import Path
from typing import Any

import vl_convert

from sweepgd.core.errors import printable
from sweepgd.report.charts.style import Chart

# PNG files have two pixels for each unit of a chart, so that text stays sharp on screens of high resolution.
PNG_SCALE = 2


def save_chart(chart: Chart, *files: Path) -> None:
    """Write a chart to PNG, SVG and HTML files, by their suffixes. The HTML works offline.

    Control characters, which the names of plugins may contain, are escaped, because vl-convert aborts the process at them.
    Raises OSError if a file cannot be written.
    """
    escaped = type(chart).from_dict(_escaped(chart.to_dict()), validate=False)
    drawn = StringIO()
    escaped.save(drawn, format="svg")  # once for both kinds of pictures, because Vega takes most of the time
    for file in files:
        if file.suffix == ".html":
            escaped.save(file, inline=True)
        elif file.suffix == ".png":
            file.write_bytes(vl_convert.svg_to_png(drawn.getvalue(), scale=PNG_SCALE))
        else:
            file.write_text(drawn.getvalue(), encoding="utf-8")


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _escaped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_escaped(entry) for entry in value]
    return value
