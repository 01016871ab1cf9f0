"""The time to begin: help, a refusal, the first trial, compiling on a new machine, a large study analyzed and reopened."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from .finding import Finding
from .searches import LINEAR, search

LARGE_TRIALS = 20_000


def measure(repeats: int) -> Iterator[Finding]:
    print("measuring start-up …", file=sys.stderr)
    yield Finding("sweepgd --help", _median_seconds(2 * repeats + 1, "--help"), "s", at_most=0.25)
    # Nothing can be made below a file, so that root is refused as well.
    refused = _median_seconds(repeats, "search", "quickstart", "--out", "/dev/null/results", code=1)
    yield Finding("a results folder that cannot be written: start to refusal", refused, "s", at_most=1.5)
    search("quickstart", 1)
    warm = median(search("quickstart", 1).first_trial for _ in range(repeats))
    yield Finding("quickstart, warm: start to first trial", warm, "s", at_most=1.5)
    yield from _large_study(repeats)
    print("compiling everything anew …", file=sys.stderr)
    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        cold = search("quickstart", 1, environment=os.environ | {"NUMBA_CACHE_DIR": folder}).first_trial
    yield Finding("quickstart, cold: compiling all that it needs", cold - warm, "s", at_most=20.0)


def _large_study(repeats: int) -> Iterator[Finding]:
    print(f"searching linear, {LARGE_TRIALS:,} trials …", file=sys.stderr)
    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        sweep, out = Path(folder, "sweep.toml"), str(Path(folder, "results"))
        sweep.write_text(LINEAR, encoding="utf-8")
        again = ("search", str(sweep), "--out", out, "--trials", str(LARGE_TRIALS), "--quiet")
        _seconds(*again)
        yield Finding(f"analyze {LARGE_TRIALS:,} linear trials", _median_seconds(repeats, "analyze", out), "s", at_most=2.5)
        yield Finding(f"reopen {LARGE_TRIALS:,} linear trials", _median_seconds(repeats, *again), "s", at_most=2.5)


def _median_seconds(repeats: int, *arguments: str, code: int = 0) -> float:
    return median(_seconds(*arguments, code=code) for _ in range(repeats))


def _seconds(*arguments: str, code: int = 0) -> float:
    """The time of a command from start to end. Raises RuntimeError where it ends with another exit code."""
    start = perf_counter()
    ended = subprocess.run([sys.executable, "-m", "sweepgd", *arguments], capture_output=True, text=True)
    if ended.returncode != code:
        raise RuntimeError(f"sweepgd {' '.join(arguments)} ended with {ended.returncode}: {ended.stderr}")
    return perf_counter() - start
