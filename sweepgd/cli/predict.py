"""`sweepgd predict`: a trained model's predictions, and its error where targets are known."""

import csv
import json
import sys
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sweepgd.cli.options import DataPath, Json, Plugin
from sweepgd.core.errors import UsageError

# What a terminal shows. A file or a pipe receives everything.
SHOWN, DIGITS = 10, 6


def predict(
    model_file: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `sweepgd export` wrote.")],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A CSV, TSV or Parquet file with the model's columns, or a PNG or JPEG file, or a folder of them. If not"
            " given: the test rows of the model's own data.",
        ),
    ] = None,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(help="Without DATA: the part of the model's own data to predict; test if not given."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="File to write; stdout if not given.")] = None,
    data_path: DataPath = None,
    plugin_: Plugin = [],  # noqa: B006 (typer copies it)
    json_: Json = False,
) -> None:
    """Write a model's predictions as CSV: class names with probabilities, or numbers. If targets are known, stderr shows the
    error. A terminal shows the first rows only.
    """
    from sweepgd.plugins import single_file
    from sweepgd.record.atomic_files import atomic_replacement, writing
    from sweepgd.serving.prediction_table import of_file, of_part

    if data is not None and (part or data_path):
        raise UsageError(f"--{'part' if part else 'data-path'} is for the model's own data: leave out DATA")
    with single_file.registered(plugin_):
        from sweepgd.serving.trained_model import Model

        model = Model.load(model_file)
        found = of_part(model, part or "test", data_path) if data is None else of_file(model, data)
    for line in found.lines:
        print(line, file=sys.stderr)
    if out is None and not json_ and sys.stdout.isatty():
        _show(found.columns(), len(found.values))
        return
    text = json.dumps(found.as_json(model), indent=2) + "\n" if json_ else _csv(found.columns())
    if out is None:
        sys.stdout.write(text)
        return
    with writing(out), atomic_replacement(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"Wrote {out}.")


def _show(columns: dict[str, list[Any]], rows: int) -> None:
    """Print the first rows, with DIGITS significant digits, and a line that says so if there are more."""
    first = {name: values[:SHOWN] for name, values in columns.items()}
    rounded = ([f"{value:.{DIGITS}g}" if isinstance(value, float) else value for value in values] for values in first.values())
    sys.stdout.write(_csv(dict(zip(first, rounded, strict=True))))
    if rows > SHOWN:
        print(f"These are the first {SHOWN} of {rows:,} rows, with {DIGITS} digits; -o FILE writes all rows in full.")


def _csv(columns: dict[str, list[Any]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
