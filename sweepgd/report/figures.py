"""The charts of a study as files, PNG and SVG, drawn without a browser."""

import sys
from collections.abc import Callable
from pathlib import Path

from sweepgd.problem import Problem
from sweepgd.record import Results
from sweepgd.report.charts import CHARTS, Missing


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def write_figures(results: Results, directory: Path | str, say: Callable[[str], None] = _to_stderr) -> list[Path]:
    """Writes every chart for which `results` holds data into `directory`, and returns the files.

    A chart without data is skipped, and `say` told so. Raises Problem where the directory cannot be written.
    """
    directory = Path(directory)
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, chart_of in CHARTS.items():
            try:
                chart = chart_of(results)
            except Missing as missing:
                say(f"no figure {name}: {missing}")
                continue
            for suffix, scale in ((".png", 2), (".svg", 1)):
                path = directory / (name + suffix)
                chart.save(path, scale_factor=scale)
                written.append(path)
    except OSError as error:
        raise Problem(f"cannot write figures to {directory}: {error.strerror or error}; choose another --figures") from error
    return written
