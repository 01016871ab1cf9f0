"""Workers or the whole command are killed at random moments: reported results are kept, and final results are the same."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from math import inf
from pathlib import Path

import pytest
from commands import process
from linear_sweep import LINEAR, assert_same, sweep, sweep_file
from session import wait_until_gone, workers

from sweepgd import load, search
from sweepgd.execution.pool import ATTEMPTS
from sweepgd.record import Results

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

SWEEPS = {
    "random": ("search.sampler='random'",),
    "grid": ("search.sampler='grid'", f"space.learning_rate={[round(0.001 * k, 3) for k in range(1, 201)]}", "optimizer={}"),
    "quasi_random": ("search.sampler='quasi_random'",),
    "measured": ("search.sampler='random'", "measure={measures=['trace','distance'],every=1000}"),
}
# A trial takes 30 to 60 ms, so that most kills hit a running trial.
TRIAL = ("budget.epochs=2000", "budget.eval_every=3400")


def reported(err: Path) -> set[int]:
    """Return the trials that a search has reported as finished."""
    return {int(number) for number in re.findall(r"^trial (\d+): ", err.read_text(), re.MULTILINE)}


def rows_of(results: Results) -> dict[tuple[int, int], object]:
    """Return the finish time of each run, by trial and replicate. Raises AssertionError for a duplicate run."""
    rows = results.trials.select(["trial", "replicate", "finished_at"]).to_pylist()
    found = {(row["trial"], row["replicate"]): row["finished_at"] for row in rows}
    assert len(found) == len(rows)
    return found


def kill_repeatedly(given: tuple[str, ...], out: Path, kills: int, wait: float, generator: random.Random, errors: Path) -> int:
    """Run a search repeatedly, and kill it or its workers at random moments. Return the number of kills.

    `wait` is the maximum number of seconds that a command runs after the first trial that it reports as finished.
    """
    killed, known = 0, {}
    while killed < kills:
        with (
            errors.open("a") as err,
            subprocess.Popen(process(*given), stdout=err, stderr=err, start_new_session=True) as command,
        ):
            early = generator.random() < 0.2  # before the first reported trial
            moment = time.monotonic() + generator.uniform(0.0, 1.0) if early else inf
            reported_before, worker_kills = len(reported(errors)), ATTEMPTS - 1
            while killed < kills and command.poll() is None:
                if time.monotonic() > moment:
                    command.kill()
                    killed += 1
                    break
                time.sleep(generator.uniform(0.0, wait / 4))
                if moment == inf and len(reported(errors)) > reported_before:
                    moment = time.monotonic() + generator.uniform(0.0, wait)
                if moment < inf and worker_kills and (victims := workers(command.pid)):
                    worker_kills -= 1
                    with suppress(ProcessLookupError):
                        os.kill(generator.choice(victims), signal.SIGKILL)
                    killed += 1
            command.kill()
        wait_until_gone(command.pid)
        if (out / "sweep.toml").exists() and (out / "trials").exists():
            rows = rows_of(load(out))
            assert known.items() <= rows.items()
            assert reported(errors) <= {trial for trial, _ in rows}
            known = rows
        if command.returncode == 0:
            break
    return killed


FEW = [
    pytest.param(kind, 5, 40, 4, 0.2, id=f"{kind}, 20 in all", marks=[pytest.mark.slow] * (kind in ("quasi_random", "grid")))
    for kind in SWEEPS
]
MANY = [pytest.param(kind, 50, 600, 600, 1.5, id=f"{kind}, 200 in all", marks=pytest.mark.slow) for kind in SWEEPS]


@pytest.mark.parametrize(("kind", "kills", "trials", "more", "wait"), [*FEW, *MANY])
def test_kills_lose_no_result_and_duplicate_none(kind, kills, trials, more, wait, tmp_path):
    """The search is finished with at most `more` further trials; the other trials exist only to be killed."""
    overrides = [*SWEEPS[kind], *TRIAL, "search.replicates=2"]
    sets = [part for override in (*overrides, f"search.trials={trials}") for part in ("--set", override)]
    path, out = sweep_file(tmp_path, LINEAR), tmp_path / "out"
    given = ("search", path, "--out", str(out), "--workers", "2", "--verbose", *sets)
    killed = kill_repeatedly(given, out, kills, wait, random.Random(kind), tmp_path / "errors")
    assert killed == kills
    known = rows_of(load(out))
    assert 0 < len(known) < 2 * trials
    overrides.append(f"search.trials={min(trials, max(known)[0] + 1 + more)}")
    ended = search(sweep(*overrides), out=out, workers=2)
    assert known.items() <= rows_of(ended).items()
    assert_same(ended, search(sweep(*overrides), out=tmp_path / "whole", workers=2))
