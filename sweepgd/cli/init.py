"""`sweepgd init`: copy a bundled sweep to a file that you can edit."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli import completion
from sweepgd.core.errors import SweepgdError, UsageError


def init(
    name: Annotated[
        str, typer.Argument(help="A bundled sweep (see: sweepgd list sweeps).", autocompletion=completion.bundled_names)
    ],
    file: Annotated[Path | None, typer.Argument(help="File to write; NAME.toml if not given.")] = None,
) -> None:
    """Copy a bundled sweep to a file that you can edit. The copied sweep is named after the file.

    The schema of sweep files is written beside the file, for editors that read it (Taplo, Tombi).
    """
    from sweepgd.cli.console import say
    from sweepgd.core.errors import nearest
    from sweepgd.study.sweep_schema import LINE, write_beside
    from sweepgd.sweep import bundled, copy_of

    known = bundled()
    if name not in known:
        raise UsageError(f"no bundled sweep {name!r}: {nearest(name, known)}")
    target = file or Path(f"{name}.toml")
    try:
        with target.open("x", encoding="utf-8") as copy:
            schema = write_beside(target)
            copy.write((LINE if schema else "") + copy_of(name, target))
    except FileExistsError:
        raise UsageError(f"{target} exists already: choose another file name") from None
    except OSError as error:
        raise SweepgdError(f"cannot write {target}: {error.strerror}") from error
    say(f"Wrote {target}{f', and {schema} for editors' if schema else ''}.", f"Next: sweepgd search {quote(str(target))}")
