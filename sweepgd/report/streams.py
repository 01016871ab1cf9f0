"""Standard output and error that take any text: none of it steers the terminal, and none of it ends a command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from sweepgd.problem import Problem, printable


class Printable:
    """A text stream that writes control characters out, such as those that begin an escape sequence.

    `raw` is the stream beneath it, for what has to steer a terminal, as a progress bar does.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        return self.raw.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def raw(stream: Any) -> TextIO:
    """The stream beneath a Printable, and any other one as it is."""
    return stream.raw if isinstance(stream, Printable) else stream


@contextmanager
def safe_streams() -> Iterator[None]:
    """Let this process print any text: what its encoding does not have is replaced, and control characters are written out.

    A standard stream that is closed, as `>&-` leaves it, becomes /dev/null, so that no file takes its number.
    """
    for name, mode in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)  # the lowest number that is free: its own
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
    """Write what stdout still holds. Raise Problem where that cannot be, BrokenPipeError where nobody reads it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more at its end
        if isinstance(error, BrokenPipeError):
            raise
        raise Problem(f"cannot write to stdout: {error.strerror}") from error
