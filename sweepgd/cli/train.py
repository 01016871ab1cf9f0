"""`sweepgd train`: one run, without a search."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import LARGEST_SEED, Json, Plugin, Quiet, Set, settle_imports
from sweepgd.core.errors import UsageError


def train(
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help='A data set (see: sweepgd list datasets) or a file. If not given: digits, or "none" for a model without data.',
            autocompletion=completion.plugins("datasets"),
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="A model (see: sweepgd list models).", autocompletion=completion.plugins("models"))
    ] = "mlp",
    optimizer: Annotated[
        str, typer.Option(help="An optimizer (see: sweepgd list optimizers).", autocompletion=completion.plugins("optimizers"))
    ] = "sgd",
    learning_rate: Annotated[float | None, typer.Option(help="Step size; the optimizer's default if not given.")] = None,
    batch_size: Annotated[
        str | None, typer.Option(help='Rows per update, or "full". If not given: 32, or "full" for a model without data.')
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of passes over the training rows; 10 if neither this option nor --set gives a budget."
        ),
    ] = None,
    schedule: Annotated[
        str, typer.Option(help="A schedule (see: sweepgd list schedules).", autocompletion=completion.plugins("schedules"))
    ] = "constant",
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the initial weights and of the batches.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Record the run in this directory, as a search does.", envvar="SWEEPGD_OUT"),
    ] = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    plugin_: Plugin = [],  # noqa: B006
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the options and show the data and the layers, without training.")
    ] = False,
    quiet: Quiet = False,
    json_: Json = False,
) -> None:
    """Train one configuration, and print one line per evaluation."""
    from sweepgd.record.disk_space import check_writable

    size = int(batch_size) if batch_size is not None and batch_size.isdecimal() else batch_size
    if isinstance(size, str) and size != "full":
        raise UsageError(f'--batch-size {size!r}: give a whole number, or "full"')
    if out is not None:
        check_writable(out)

    from sweepgd.cli.plain import RunPrinter
    from sweepgd.study.train import planned, sweep_of
    from sweepgd.study.train import train as run

    settle_imports()

    printer = RunPrinter(quiet=quiet or json_)
    run_options: dict[str, Any] = {
        "data": data,
        "model": model,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "batch_size": size,
        "epochs": epochs,
        "schedule": schedule,
        "seed": seed,
        "overrides": set_,
    }
    if dry_run:
        from sweepgd.cli.plain import show_plan
        from sweepgd.plugins.single_file import registered

        with registered(map(Path, plugin_)):
            context, configuration = planned(sweep_of(**run_options), out, printer.note)
            show_plan(context.of(configuration), as_json=json_)
        return
    training = run(**run_options, plugins=plugin_, out=out, begin=printer.data, watch=printer.point, note=printer.note)
    if json_:
        print(printer.as_json(training))
    else:
        printer.end(training)
