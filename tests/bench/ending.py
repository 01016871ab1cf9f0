"""What it takes to end a search: from Ctrl-C until the command is gone, with its results recorded."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from .finding import Finding
from .searches import DIGITS, search

# Trials of about 40 ms, and trials that nobody waits for.
EPOCHS = {"of 40 ms": 50, "that do not end": 10**9}
# Until the second signal: what counts as the same one is over, and what runs still has time.
SECOND_AFTER = 0.5
# Until all workers train.
BEGUN_AFTER = 3.0


def measure(repeats: int) -> Iterator[Finding]:
    print("measuring interrupts …", file=sys.stderr)
    search(DIGITS, 1)  # compiles what is missing
    for trials, epochs in EPOCHS.items():
        once = median(_seconds(epochs, signals=1) for _ in range(repeats))
        yield Finding(f"Ctrl-C to the end, trials {trials}", once, "s", at_most=2.0)
    twice = median(_seconds(EPOCHS["that do not end"], signals=2) for _ in range(repeats))
    yield Finding("the second Ctrl-C to the end", twice, "s", at_most=1.0)


def _seconds(epochs: int, signals: int) -> float:
    """From the last of so many signals until the command has ended. Raises RuntimeError where it did not end by them."""
    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        file, out = Path(folder, "sweep.toml"), Path(folder, "results")
        file.write_text(DIGITS.replace("epochs = 10", f"epochs = {epochs}"), encoding="utf-8")
        command = [sys.executable, "-m", "sweepgd", "search", str(file), "--out", str(out), "--trials", "100000", "--quiet"]
        with subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.PIPE, start_new_session=True) as process:
            try:
                sleep(BEGUN_AFTER)
                for number in range(signals):
                    sleep(SECOND_AFTER if number else 0)
                    begun = perf_counter()
                    os.killpg(process.pid, signal.SIGINT)
                process.communicate()
                seconds = perf_counter() - begun
            finally:
                process.kill()
        if process.returncode != 130:
            raise RuntimeError(f"{command} ended with {process.returncode} and not by Ctrl-C")
        return seconds
