"""Standard streams that accept any text. The text can neither control the terminal nor end a command with an error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from sweepgd.core.errors import SweepgdError, printable


class Printable:
    """A text stream that escapes control characters, such as those that begin an escape sequence.

    `raw` is the underlying stream, for output that must control the terminal, such as progress bars.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        return self.raw.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def raw(stream: Any) -> TextIO:
    """Return the underlying stream of a Printable, and any other stream unchanged."""
    return stream.raw if isinstance(stream, Printable) else stream


@contextmanager
def safe_streams() -> Iterator[None]:
    """Let this process print any text: characters outside the encoding are replaced, and control characters are escaped.

    A standard stream that is closed, as after `>&-`, is opened on /dev/null. Otherwise the next file that is opened would get
    the descriptor of the stream.
    """
    for name, mode in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)  # gets the lowest free descriptor, which is the one of the closed stream
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, "r" if mode == os.O_RDONLY else "w", encoding="utf-8"))
    out, err = sys.stdout, sys.stderr
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="replace")
    sys.stdout, sys.stderr = Printable(out), Printable(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def flush_stdout() -> None:
    """Flush stdout. Raise SweepgdError if stdout cannot be written, or BrokenPipeError if the reader has closed the pipe."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise Python would fail to flush again at exit
        if isinstance(error, BrokenPipeError):
            raise
        raise SweepgdError(f"cannot write to stdout: {error.strerror}") from error
