"""What went wrong, in one line that says what, where, and how to mend it."""

from collections.abc import Iterable
from difflib import get_close_matches


class Problem(Exception):
    """Bad input or a broken surrounding, told in one line. The command line prints it and exits with `exit_code`."""

    exit_code = 1


class UsageProblem(Problem):
    """A command or sweep that asks for something that cannot be: a wrong flag, an unknown key, an empty range."""

    exit_code = 2


# The control characters but tab and newline. 0x9b, too, begins an escape sequence.
_WRITTEN_OUT = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
# Of a line on stderr: a few screens' lines, though a value in it may have thousands of characters.
LONGEST_LINE = 600


def printable(text: str) -> str:
    """A text with its control characters written out, as \\x1b, so that it does not steer a terminal."""
    return text.translate(_WRITTEN_OUT)


def one_line(text: str) -> str:
    """A text as one line that can be read at once: line breaks written out, and cut in its middle where it is too long."""
    told = printable(text).replace("\t", " ").replace("\n", "\\n")
    half = LONGEST_LINE // 2
    return told if len(told) <= LONGEST_LINE else f"{told[:half]} … {told[-half:]}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """The known name closest to a wrong one, as a question; empty where none is close."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint that ends an "unknown name" line: the closest known name, or all of them when none is close."""
    known = sorted(known)
    return suggestion(name, known).rstrip() or f"known: {', '.join(known) or 'none'}"


def reason(error: BaseException) -> str:
    """What an exception says, in one line; its type too, unless it is a Problem, which was written to be read."""
    text = " ".join(str(error).split()).encode("utf-8", "backslashreplace").decode()  # a lone surrogate can be in no record
    return text if isinstance(error, Problem) else f"{type(error).__name__}: {text}"
