"""The command line: parse, call, print. Heavy imports happen inside the commands, so that --help answers at once."""

import sys
import warnings
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from typing import Annotated, Any

import typer

from sweepgd.cli.analyze import analyze
from sweepgd.cli.compact import compact
from sweepgd.cli.compare import compare
from sweepgd.cli.completion import skip_conversion
from sweepgd.cli.dashboard import dashboard
from sweepgd.cli.export import export
from sweepgd.cli.init import init
from sweepgd.cli.landscape import landscape
from sweepgd.cli.list import list_
from sweepgd.cli.measure import measure
from sweepgd.cli.merge import merge
from sweepgd.cli.options import INTERRUPTED, ORDER, InOrder, check_environment
from sweepgd.cli.plugin import plugin
from sweepgd.cli.predict import predict
from sweepgd.cli.report import report
from sweepgd.cli.schema import schema
from sweepgd.cli.search import search
from sweepgd.cli.streams import flush_stdout, safe_streams
from sweepgd.cli.train import train
from sweepgd.cli.verify import verify
from sweepgd.cli.watch import watch
from sweepgd.core.errors import SweepgdError, one_line, reason, suggestion
from sweepgd.core.interrupts import end_on_interrupt

# The class of Typer's errors about flags and arguments that it cannot parse. Typer exports only subclasses of it.
CommandLineError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="sweepgd",
    cls=InOrder,
    help="Sweeps of batch size, learning rate, schedule and optimizer for SGD.\n\nStart with: sweepgd search",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(plugin)
app.command(
    epilog="Example: sweepgd measure results/quickstart --measures lambda_max,sam --rows 1000",
    context_settings={"allow_extra_args": True},  # `measure` refuses them with a clearer message
)(measure)
app.command(epilog="Example: sweepgd landscape results/quickstart --line 3 7.1")(landscape)
app.command(epilog="Example: sweepgd dashboard results/quickstart")(dashboard)
app.command(epilog="Example: sweepgd verify results/quickstart --repair")(verify)
app.command(epilog="Example: sweepgd compact results/quickstart")(compact)
app.command(epilog="Example: sweepgd merge results/quickstart-shard-* -o results/quickstart")(merge)
app.command(epilog='Example: sweepgd search quickstart --trials 20 --set space.optimizer=\'["sgd","adam"]\'')(search)
app.command(epilog="Example: sweepgd watch results/quickstart")(watch)
app.command(epilog="Example: sweepgd init quickstart mine.toml")(init)
app.command(epilog="Example: sweepgd train --data digits --model mlp --optimizer adam --learning-rate 1e-3 --epochs 20")(train)
app.command(epilog="Example: sweepgd analyze results/quickstart --figures figures")(analyze)
app.command(epilog="Example: sweepgd report results/quickstart -o report.html")(report)
app.command(epilog="Example: sweepgd compare results/quickstart results/mine")(compare)
app.command(epilog="Example: sweepgd export results/quickstart -o model.npz")(export)
app.command(epilog="Example: sweepgd predict model.npz new.csv -o predictions.csv")(predict)
app.command(epilog="Example: sweepgd schema > sweepgd.schema.json")(schema)
app.command("list", epilog="Example: sweepgd list optimizers")(list_)


def main() -> None:
    """Run the command line. An error becomes one line on stderr and an exit code."""
    with safe_streams():
        message, code = _run()
        if message:
            print(f"sweepgd: {one_line(message)}", file=sys.stderr)
        sys.exit(code)


def _run() -> tuple[str, int]:
    """Run the command line. Return its last message, which may be "", and its exit code."""
    warnings.formatwarning = lambda message, *_: f"sweepgd: {message}\n"
    try:
        check_environment(sys.argv[1:])
        skip_conversion()
        with end_on_interrupt(INTERRUPTED, lambda: "interrupted"):
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        flush_stdout()
    except SweepgdError as problem:
        return str(problem), problem.exit_code
    except CommandLineError as error:
        return _explained(error), error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        return _os_error_text(error), 1
    except MemoryError as error:
        return f"not enough memory: {error}".rstrip(": "), 1
    return "interrupted" if code == INTERRUPTED else "", code or 0


def _explained(error: Any) -> str:
    """Return Typer's error in one line, with the closest known value, and the command whose help says more."""
    command = error.ctx.command_path if error.ctx else "sweepgd"
    if error.ctx is None and sys.argv[1:] and sys.argv[1] in ORDER:  # an option without its value
        command += f" {sys.argv[1]}"
    message = error.format_message().rstrip(".").replace("Value error, ", "")
    given, choice, known = message.rpartition(" is not one of ")
    close = suggestion(given.rpartition(" ")[2].strip("'"), [name.strip("' ") for name in known.split(",")]) if choice else ""
    return f"{message}{f': {close.strip()}' if close else ''} (see: {command} --help)"


def _os_error_text(error: OSError) -> str:
    """Return the error and its file as text. Return "" if the reader of stdout has ended, as in `sweepgd list | head`."""
    try:
        flush_stdout()
    except SweepgdError as problem:
        return str(problem)
    except BrokenPipeError:
        return ""
    # An error without a file name comes from stdout: every other file that a command writes has a name.
    what = error.filename or ("cannot write to stdout" if error.errno in (ENOSPC, EDQUOT, EFBIG, EIO) else "")
    return f"{what}: {error.strerror}" if what else error.strerror or reason(error)


def _version(wanted: bool) -> None:
    if wanted:
        from sweepgd import __version__

        print(f"sweepgd {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
