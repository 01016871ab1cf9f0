"""Errors for users. A message is one line that says what is wrong, where, and how to fix it."""

from collections.abc import Iterable
from difflib import get_close_matches


class SweepgdError(Exception):
    """Invalid input, or a failure of the environment. The command line prints the message and exits with `exit_code`."""

    exit_code = 1


class UsageError(SweepgdError):
    """An invalid command or sweep, such as a wrong option, an unknown key or an empty range."""

    exit_code = 2


class SettingError(UsageError):
    """An unknown setting of a plugin, or an invalid value. `sweepgd.sweep.toml_files.naming` adds the sweep file to the
    message.
    """


# All control characters except tab and newline, and the characters without a width that change the order of others or cannot be
# seen. Both 0x1b and 0x9b start an escape sequence.
_ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_INVISIBLE = (0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_ESCAPED |= {code: f"\\u{code:04x}" for code in _INVISIBLE}
# The largest number of characters of a message on stderr, about 8 lines of a terminal. A value in a message may have thousands
# of characters.
LONGEST_LINE = 600


def printable(text: str) -> str:
    """Return a text with escaped control characters (\\x1b), so that the text cannot control the terminal."""
    return text.translate(_ESCAPED)


def one_line(text: str) -> str:
    """Return a text as one line with escaped line breaks. A long text is shortened in the middle to about LONGEST_LINE
    characters.
    """
    line = printable(text).replace("\t", " ").replace("\n", "\\n")
    half = LONGEST_LINE // 2
    return line if len(line) <= LONGEST_LINE else f"{line[:half]} … {line[-half:]}"


def installing(extra: str) -> str:
    """Return how to install the optional packages of sweepgd with this name."""
    return f"install sweepgd[{extra}] (in a clone: uv sync --inexact --extra {extra})"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a question that suggests the known name closest to `name`, or "" if no known name is close."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name, which is the closest known name, or all known names if no known name is close."""
    known = sorted(known)
    return suggestion(name, known).rstrip() or f"known: {', '.join(known) or 'none'}"


def reason(error: BaseException) -> str:
    """Return the message of an exception in one line. The type of the exception comes first, unless it is a SweepgdError."""
    text = " ".join(str(error).split()).encode("utf-8", "backslashreplace").decode()  # Parquet cannot hold lone surrogates
    return text if isinstance(error, SweepgdError) else f"{type(error).__name__}: {text}"
