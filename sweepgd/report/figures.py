"""The charts of a study as PNG and SVG files, drawn without a browser."""

import sys
from collections.abc import Callable
from pathlib import Path

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.report.study_figures import study_figures


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def write_figures(
    results: Results,
    directory: Path | str,
    say: Callable[[str], None] = _to_stderr,
    level: float | None = None,
    by: str | None = None,
    x: str = "epoch",
) -> list[Path]:
    """Write every chart for which `results` has data to `directory`, and return the files.

    `say` receives a line for each chart that is skipped because it has no data. `level` is the target to which updates are
    counted, by default the goal of the sweep. `by` names the factor whose levels are the lines of the loss curves, and `x`
    names their horizontal axis, as in `loss_curves`.
    Raises SweepgdError if the directory cannot be written.
    """
    directory = Path(directory)
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        figures = study_figures(results, level, by, x, without=lambda name, missing: say(f"no figure {name}: {missing}"))
        for figure in figures:
            for suffix, scale in ((".png", 2), (".svg", 1)):
                path = directory / (figure.name + suffix)
                figure.chart.save(path, scale_factor=scale)
                written.append(path)
    except OSError as error:
        raise SweepgdError(
            f"cannot write figures to {directory}: {error.strerror or error}; choose another folder with --figures"
        ) from error
    return written
