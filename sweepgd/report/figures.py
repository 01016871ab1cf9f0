"""The charts of a study as PNG and SVG files, drawn without a browser."""

from collections.abc import Callable
from pathlib import Path

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.report.charts import Missing
from sweepgd.report.charts.chart_files import save_chart
from sweepgd.report.study_figures import study_figures


def write_figures(
    results: Results,
    directory: Path | str,
    without: Callable[[str, Missing], None],
    level: float | None = None,
    by: str | None = None,
    x: str = "epoch",
) -> list[Path]:
    """Write every chart for which `results` has data to `directory`, and return the files.

    `without` receives the name of each chart that has no data, with the reason. `level` is the target to which updates are
    counted, by default the goal of the sweep. `by` names the factor whose levels are the lines of the loss curves, and `x`
    names their horizontal axis, as in `loss_curves`.
    Raises SweepgdError if the directory cannot be written.
    """
    directory = Path(directory)
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for figure in study_figures(results, level, by, x, without=without):
            files = [directory / (figure.name + suffix) for suffix in (".png", ".svg")]
            save_chart(figure.chart, *files)
            written.extend(files)
    except OSError as error:
        raise SweepgdError(
            f"cannot write figures to {directory}: {error.strerror or error}; choose another folder with --figures"
        ) from error
    return written
