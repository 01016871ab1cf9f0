"""The common style of all charts: sizes, fonts, title, and colours that colour-blind readers can distinguish."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError

# The colours of Okabe and Ito without yellow, which is too pale for a line. There are 7 colours and 8 shapes, so that colour
# and shape together distinguish 56 groups.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left"]
HIGHLIGHT = "#D55E00"
CROSS = "M-1,-1L1,1M1,-1L-1,1"
WIDTH, HEIGHT = 520, 340
PANEL_WIDTH, PANEL_HEIGHT = 220, 170
MOST_PANELS, PANELS_A_ROW = 6, 3
# A line is about 500 pixels wide, so that more points could not be seen.
MOST_POINTS = 500

Rows = list[dict[str, Any]]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart | alt.HConcatChart


class Missing(SweepgdError):
    """Raised when the study lacks the data for a chart. The message says which data are missing."""


def colours(
    field: str, groups: Sequence[str] | Sequence[int], title: str, ordered: bool, every: Sequence[str] = ()
) -> alt.Color:
    """Return a colour for each of `groups`. `ordered` groups get the colours of viridis that are dark enough for a line.

    `every` holds the optimizers of the study, so that an optimizer has the same colour in all charts. A single optimizer needs
    no legend.
    """
    if ordered:
        scale = alt.Scale(domain=groups, scheme=alt.SchemeParams(name="viridis", extent=[0, 0.9]))
        return alt.Color(f"{field}:O", scale=scale, title=title)
    scale = alt.Scale(domain=groups, range=shades(groups, every))
    if title == "optimizer" and len(groups) == 1:
        return alt.Color(f"{field}:N", scale=scale, legend=None)
    return alt.Color(f"{field}:N", scale=scale, title=title)


def shades(groups: Sequence[Any], every: Sequence[str]) -> list[str]:
    """Return a colour for each of `groups`: by its place in `every`, or among `groups` if `every` lacks one or is too long."""
    places = every if set(groups) <= set(every) and len(every) <= len(COLOURS) else groups
    return [COLOURS[places.index(group) % len(COLOURS)] for group in groups]


def optimizers_of(trials: pa.Table) -> list[str]:
    """Return the names of the optimizers of a study, in the order of their colours."""
    return sorted(pc.unique(trials["optimizer"]).drop_null().to_pylist())


def in_rows(panels: Sequence[Chart], columns: int = PANELS_A_ROW) -> Chart:
    """Return the panels as one chart with `columns` in a row."""
    firsts = range(0, len(panels), columns)
    return alt.vconcat(*(alt.hconcat(*panels[first : first + columns]) for first in firsts))


def thinned(line: Rows) -> Rows:
    """Return at most MOST_POINTS evenly spaced rows of a line, including the first and the last."""
    if len(line) <= MOST_POINTS:
        return line
    return [line[index] for index in np.linspace(0, len(line) - 1, MOST_POINTS).round().astype(int)]


def finished(chart: Chart, title: str, subtitle: str | Sequence[str]) -> Chart:
    """Return the chart with its title, in the common style."""
    config = alt.Config(
        background="white",
        axis=alt.AxisConfig(labelFontSize=11, titleFontSize=12, titleFontWeight="normal", gridColor="#E6E6E6"),
        legend=alt.LegendConfig(labelFontSize=11, titleFontSize=11, labelLimit=320, titleLimit=320, symbolOpacity=1),
        title=alt.TitleConfig(subtitleColor="#555555", subtitleFontSize=11),
        view=alt.ViewConfig(stroke="#BBBBBB"),
    )
    # Each `configure_…` method would copy the chart with its data.
    about = alt.Title(title, subtitle=subtitle, anchor="start", fontSize=14, offset=10)
    return chart.properties(title=about, padding=12, config=config)
