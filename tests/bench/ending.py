"""The time to end a search: from a signal until the command and all its processes have ended."""

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
from .watched_command import processes

# Trials of about 40 ms, and trials that nobody waits for.
EPOCHS = {"of 40 ms": 50, "that do not end": 10**9}
# After which all workers train, and between two signals: what counts as one is over, and what runs still has time.
BEGUN_SECONDS, BETWEEN_SECONDS = 2.0, 0.5


def measure(repeats: int) -> Iterator[Finding]:
    print("measuring interrupts …", file=sys.stderr)
    search(DIGITS, 1)  # compiles what is missing
    for trials, epochs in EPOCHS.items():
        once = median(_seconds(epochs, signal.SIGINT) for _ in range(repeats))
        yield Finding(f"Ctrl-C to the end, trials {trials}", once, "s", at_most=2.0)
    endless = EPOCHS["that do not end"]
    twice = median(_seconds(endless, signal.SIGINT, signal.SIGINT) for _ in range(repeats))
    yield Finding("the second Ctrl-C to the end", twice, "s", at_most=1.0)
    killed = median(_seconds(endless, signal.SIGKILL) for _ in range(repeats))
    yield Finding("kill -9 of the command to the end of its processes", killed, "s", at_most=2.0)


def _seconds(epochs: int, *signals: int) -> float:
    """From the last signal until all processes have ended. Raises RuntimeError where the command had ended before."""
    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        file, out = Path(folder, "sweep.toml"), Path(folder, "results")
        file.write_text(DIGITS.replace("epochs = 10", f"epochs = {epochs}"), encoding="utf-8")
        command = [sys.executable, "-m", "sweepgd", "search", str(file), "--out", str(out), "--trials", "100000", "--quiet"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([*command, "--workers", "2"], start_new_session=True, **quiet) as process:
            try:
                while not (out / "sweep.toml").is_file() and process.poll() is None:
                    sleep(0.01)
                sleep(BEGUN_SECONDS)
                for number, each in enumerate(signals):
                    sleep(BETWEEN_SECONDS if number else 0)
                    begun = perf_counter()
                    if process.poll() is not None:
                        raise RuntimeError(f"{command} has ended with {process.returncode} before it was asked to")
                    process.send_signal(each)
                process.wait()
                while processes(process.pid):
                    sleep(0.005)
                return perf_counter() - begun
            finally:
                process.kill()
