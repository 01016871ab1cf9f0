"""What it takes to begin: the help, the first trial of a warm start, and compiling everything on a new machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from .finding import Finding
from .searches import search


def measure(repeats: int) -> Iterator[Finding]:
    print("measuring start-up …", file=sys.stderr)
    yield Finding("sweepgd --help", median(_help() for _ in range(2 * repeats + 1)), "s", at_most=0.25)
    search("quickstart", 1)
    warm = median(search("quickstart", 1).first_trial for _ in range(repeats))
    yield Finding("quickstart, warm: start to first trial", warm, "s", at_most=1.5)
    print("compiling everything anew …", file=sys.stderr)
    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        cold = search("quickstart", 1, environment=os.environ | {"NUMBA_CACHE_DIR": folder}).first_trial
    yield Finding("quickstart, cold: compiling all that it needs", cold - warm, "s", at_most=20.0)


def _help() -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-m", "sweepgd", "--help"], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
