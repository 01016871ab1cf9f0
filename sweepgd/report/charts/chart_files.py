"""Charts as files, drawn without a browser."""

from pathlib import Path
from typing import Any

from sweepgd.core.errors import printable
from sweepgd.report.charts.style import Chart

# PNG files have two pixels for each unit of a chart, so that text stays sharp on screens of high resolution.
PNG_SCALE = 2


def save_chart(chart: Chart, file: Path) -> None:
    """Write a chart as a PNG, SVG or HTML file, by the file's suffix. The HTML works offline.

    Control characters, which the names of plugins may contain, are escaped, because vl-convert aborts the process at them.
    Raises OSError if the file cannot be written.
    """
    escaped = type(chart).from_dict(_escaped(chart.to_dict()), validate=False)
    if file.suffix == ".html":
        escaped.save(file, inline=True)
    else:
        escaped.save(file, scale_factor=PNG_SCALE if file.suffix == ".png" else 1)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _escaped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_escaped(entry) for entry in value]
    return value
