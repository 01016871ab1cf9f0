"""The figures of a study: every chart for which it has data, with a title and a caption."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from sweepgd.record import Results
from sweepgd.report.charts import ARGUMENTS, CHARTS, Chart, Missing
from sweepgd.report.study_subject import subject


class Figure(NamedTuple):
    """A chart with its name in CHARTS, and with texts that describe the chart to people who cannot see it."""

    name: str
    chart: Chart
    title: str
    caption: str

    @classmethod
    def of(cls, name: str, chart: Chart) -> "Figure":
        """Return the figure of a chart that `charts.style.finished` has returned."""
        title = chart.title.to_dict()
        subtitle = title["subtitle"]
        return cls(name, chart, title["text"], subtitle if isinstance(subtitle, str) else "; ".join(subtitle))


def with_subject(chart: Chart, results: Results) -> Chart:
    """Return the chart with the model and the data at the end of its subtitle. A lone picture does not say them elsewhere."""
    subtitle = chart.title.subtitle
    chart.title.subtitle = [*([subtitle] if isinstance(subtitle, str) else subtitle), subject(results.trials)]
    return chart


def study_figures(
    results: Results,
    level: float | None = None,
    by: str | None = None,
    x: str = "epoch",
    names: Collection[str] = CHARTS,
    without: Callable[[str, Missing], None] = lambda name, missing: None,
) -> Iterator[Figure]:
    """Yield the figures of `results` among `names`, in the order of CHARTS.

    `level` is the loss or error of steps to a target, by default the goal of the sweep. `by` names the factor whose levels are
    the lines of the loss curves, and `x` names their horizontal axis, as in `loss_curves`. `without` receives the name of each
    chart that has no data, with the reason.
    """
    arguments = {"level": level, "by": by, "x": x}
    for name, chart_of in CHARTS.items():
        if name not in names:
            continue
        try:
            chart = chart_of(results, **{argument: arguments[argument] for argument in ARGUMENTS.get(name, ())})
        except Missing as missing:
            without(name, missing)
            continue
        yield Figure.of(name, with_subject(chart, results))
