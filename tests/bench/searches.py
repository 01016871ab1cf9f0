"""`sweepgd search` from outside: a command is run, and its record tells when trials began and ended."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc

from .watched_command import Watch

LINEAR = """
name = "bench_linear"

[data]
name = "synthetic_linear"
rows = 1000
validation = 0.0
test = 0.0
standardize = false

[model]
name = "linear"

[budget]
epochs = 3

[space]
batch_size = { low = 1, high = 512, log = true, step = 2 }
learning_rate = { low = 1e-3, high = 0.1, log = true }
"""

DIGITS = """
name = "bench_digits"

[data]
name = "digits"
split = "stratified"
validation = 0.2
test = 0.2

[model]
name = "mlp"
hidden = [64]

[budget]
epochs = 10

[space]
batch_size = { low = 1, high = 1024, log = true, step = 2 }
learning_rate = { low = 1e-3, high = 0.03, log = true }
"""

# 10,000 training images. Both sides evaluate at the end only, because an epoch's evaluation takes as long as its updates.
# sweepgd evaluates losses and errors of train, validation and test rows at the beginning too; PyTorch only the validation loss.
LENET = """
name = "bench_lenet"

[data]
name = "fashion_mnist"
subset = 12500
validation = 0.2

[model]
name = "lenet"

[budget]
epochs = 5
evaluate = "end"

[space]
batch_size = { low = 16, high = 256, log = true, step = 2 }
learning_rate = { low = 1e-2, high = 0.1, log = true }

[record]
gradient_norm = false
"""

# No rate here diverges: a run that stops early would be no match for a peer's that goes on.
SWEEPS = {"linear": LINEAR, "digits": DIGITS, "lenet": LENET}
WORKERS = 2


@dataclass(frozen=True)
class Search:
    """A finished search: seconds of the command, of it until its first trial began, and until start-up was over.

    It is over when every worker has finished its first trial, for which it loads what it needs. What follows is steady: the
    trials that ended in it, the seconds that it lasted, and those that were spent in updates. `parent_seconds` is the processor
    time of the command without its workers, start-up included.
    """

    trials: int
    workers: int
    wall: float
    first_trial: float
    startup: float
    steady_trials: int
    steady_seconds: float
    update_seconds: float
    parent_seconds: float
    peak_bytes: int
    diverged: int
    points: tuple[tuple[int, float], ...]
    """(batch size, learning rate) by trial."""

    @property
    def rate(self) -> float:
        """Trials a second after start-up."""
        return self.steady_trials / self.steady_seconds

    @property
    def overhead(self) -> float:
        """Seconds of a core that a trial takes beyond its updates (evaluation, sampling and recording included)."""
        return (self.steady_seconds * self.workers - self.update_seconds) / self.steady_trials


def search(
    sweep: str,
    trials: int,
    *,
    sampler: str = "random",
    workers: int = WORKERS,
    options: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Search:
    """Runs a sweep file's text, or a bundled sweep by name, in a new directory. Raises CalledProcessError where it fails.

    `options` are where it runs, in place of so many local workers.
    """
    from sweepgd import load

    with TemporaryDirectory(prefix="sweepgd-bench-") as folder:
        name = sweep
        if "\n" in sweep:
            file = Path(folder, "sweep.toml")
            file.write_text(sweep, encoding="utf-8")
            name = str(file)
        out = Path(folder, "results")
        command = [sys.executable, "-m", "sweepgd", "search", name, "--trials", str(trials), "--out", str(out)]
        command += [*(("--workers", str(workers)) if options is None else options), "--sampler", sampler, "--quiet"]
        begun = datetime.now(UTC)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, env=environment)
        with Watch(process.pid) as watch:
            code = process.wait()
        wall = (datetime.now(UTC) - begun).total_seconds()
        if code:
            raise subprocess.CalledProcessError(code, command)
        rows = load(out).trials.sort_by([("trial", "ascending"), ("replicate", "ascending")])
        firsts = rows.group_by("worker").aggregate([("finished_at", "min")])["finished_at_min"]
        all_ready, ended = pc.max(firsts), pc.max(rows["finished_at"])
        steady = rows.filter(pc.greater(rows["finished_at"], all_ready))
        return Search(
            trials,
            len(firsts),
            wall,
            (pc.min(rows["started_at"]).as_py() - begun).total_seconds(),
            (all_ready.as_py() - begun).total_seconds(),
            pc.count_distinct(steady["trial"]).as_py(),
            (ended.as_py() - all_ready.as_py()).total_seconds(),
            pc.sum(steady["train_seconds"]).as_py() or 0.0,
            watch.parent_seconds,
            watch.peak,
            pc.sum(pc.equal(rows["status"], "diverged")).as_py(),
            tuple(zip(rows["batch_size"].to_pylist(), rows["learning_rate"].to_pylist(), strict=True)),
        )
