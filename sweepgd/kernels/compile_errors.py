"""Describe a compile error of a kernel in one line. Numba's own message has about forty lines."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Numba's text has a part for each function of the call chain. A part begins with the failed step and ends with the source line.
_FAILED_STEPS = re.compile(r"(Failed in \w+ mode pipeline \(step: [^)]*\)\s*)+")
_CALL = re.compile(r">>> (.+)")
_INNER_ERROR = re.compile(r"^\s*\w*Error: (.+)", re.MULTILINE)
_NO_LOCATION = re.compile(r"(, defined at|\.* Raised from) None$")
_SOURCE_LINE = re.compile(r'File "([^"]+)", line (\d+)')


def cause(error: Exception, function: Callable[..., Any]) -> str:
    """Return the reason and the source line of an exception that Numba raised while it compiled `function`."""
    text = _FAILED_STEPS.sub("", str(error), count=1).strip()
    reason = text.partition("\n")[0]
    if reason.startswith("No implementation of"):
        inner, call = _INNER_ERROR.search(text), _CALL.search(text)
        reason = inner[1] if inner else f"no implementation of {call[1]}" if call else reason
    if reason.endswith("Cannot determine Numba type of <class 'function'>"):
        reason += "; decorate functions that a kernel calls with sweepgd.plugin.helper"
    source_line, location = _SOURCE_LINE.search(text), getattr(error, "loc", None)
    if source_line is not None:
        file, line = source_line[1], source_line[2]
    elif location is not None:
        file, line = location.filename, location.line
    else:
        file, line = function.__code__.co_filename, function.__code__.co_firstlineno
    return f"{_NO_LOCATION.sub('', reason)} ({Path(file).name}, line {line})"
