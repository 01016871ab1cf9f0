"""The colours of charts on a light or a dark background."""

from typing import Any

import altair as alt

from sweepgd.report.charts.style import Chart

THEMES = ("light", "dark")
PAPER, INK, SOFT = "#14171B", "#E6E9ED", "#C3CAD2"
# Colours of `style.py` that cannot be seen on dark paper, with the colours that replace them.
DARK = {
    "white": PAPER,
    "black": INK,
    "#000000": INK,
    "#444444": SOFT,
    "#555555": "#A3ADB8",
    "#BBBBBB": "#48515B",
    "#C8C8C8": "#4A525B",
    "#DDDDDD": "#30363D",
    "#E6E6E6": "#2B3138",
    "#0072B2": "#3A7BF0",
    "#009E73": "#2FC29A",
}
# The darkest fifth of viridis cannot be seen either.
VIRIDIS = {"name": "viridis", "extent": [0.2, 1]}
TEXTS = {
    "axis": ("labelColor", "titleColor", "domainColor", "tickColor"),
    "legend": ("labelColor", "titleColor"),
    "title": ("color",),
    "text": ("color",),
}


def themed(chart: Chart, theme: str) -> Chart:
    """Return a chart of `style.finished` in a theme, which is "light" (unchanged) or "dark"."""
    if theme == "light":
        return chart
    spec = _recoloured(chart.to_dict())
    for part, names in TEXTS.items():
        spec["config"][part] = spec["config"].get(part, {}) | dict.fromkeys(names, SOFT)
    return alt.Chart.from_dict(spec)


def _recoloured(node: Any) -> Any:
    """Return a chart's specification, or an element of it, with colours for a dark background. Data are not changed."""
    if isinstance(node, dict):
        if node.get("name") == VIRIDIS["name"]:
            return VIRIDIS
        return {
            key: VIRIDIS if (key, value) == ("scheme", "viridis") else value if key == "datasets" else _recoloured(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_recoloured(entry) for entry in node]
    return DARK.get(node, node) if isinstance(node, str) else node
