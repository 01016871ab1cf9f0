"""`sweepgd dashboard`: a results directory in optuna-dashboard, or as files for TensorBoard or MLflow."""

import os
import sys
from importlib.util import find_spec
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli.options import Directory, Plugin
from sweepgd.core.errors import UsageError, installing


def dashboard(
    directory: Directory,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard on this machine.")] = 8080,
    plugin_: Plugin = [],  # noqa: B006 (typer copies it)
    only_file: Annotated[bool, typer.Option("--only-file", help="Only write the file; do not start the dashboard.")] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write event files to DIR/tensorboard instead; start nothing.")
    ] = False,
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Write an MLflow experiment to DIR/mlflow.db instead; start nothing.")
    ] = False,
) -> None:
    """Show a sweep in optuna-dashboard: write DIR/optuna.db from the record, and serve it until Ctrl-C."""
    if tensorboard and mlflow:
        raise UsageError("--tensorboard and --mlflow write different files: give one of them")
    if mlflow:
        from sweepgd.study.mlflow_export import write_experiment

        path = write_experiment(directory)
        address = quote(f"sqlite:///{path}")
        print(f"Wrote {path}, an MLflow experiment\nTo see it: uvx mlflow server --backend-store-uri {address}")
        return
    if tensorboard:
        from sweepgd.study.tensorboard_export import write_events

        folder = write_events(directory)
        print(f"Wrote {folder}, event files for TensorBoard\nTo see it: tensorboard --logdir {quote(str(folder))}")
        return
    from sweepgd.study.optuna_export import rebuild

    path = rebuild(directory, plugins=plugin_)
    url = f"sqlite:///{path}"
    print(f"Wrote {path}, an Optuna study")
    if only_file:
        return
    if find_spec("optuna_dashboard") is None:
        print(f"To see it: {installing('dashboard')}, then run optuna-dashboard {url}")
        return
    command = "from optuna_dashboard._cli import main; main()"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-c", command, url, "--port", str(port)])  # so that Ctrl-C ends the dashboard
