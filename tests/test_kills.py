"""`kill -9` of a worker or of the whole command at random moments: what was reported stays, and the end is the same."""

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
from session import wait_until_gone, workers
from tiny import LINEAR, assert_same, sweep, sweep_file

from sweepgd import load, search
from sweepgd.record import Results
from sweepgd.workers import ATTEMPTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

SWEEPS = {
    "random": ("search.sampler='random'",),
    "grid": ("search.sampler='grid'", f"space.learning_rate={[round(0.001 * k, 3) for k in range(1, 201)]}", "optimizer={}"),
    "quasi_random": ("search.sampler='quasi_random'",),
    "measured": ("search.sampler='random'", "measure={measures=['trace','distance'],every=1000}"),
}
# Takes 30 to 60 ms, so that most kills strike some.
TRIAL = ("budget.epochs=2000", "budget.eval_every=3400")


def reported(err: Path) -> set[int]:
    """The trials that a search has said were finished."""
    return {int(number) for number in re.findall(r"^trial (\d+): ", err.read_text(), re.MULTILINE)}


def rows_of(results: Results) -> dict[tuple[int, int], object]:
    """When each run finished, by trial and replicate. Raises AssertionError where one is there twice."""
    rows = results.trials.select(["trial", "replicate", "finished_at"]).to_pylist()
    found = {(row["trial"], row["replicate"]): row["finished_at"] for row in rows}
    assert len(found) == len(rows)
    return found


def kill_over_and_over(given: tuple[str, ...], out: Path, kills: int, wait: float, dice: random.Random, errors: Path) -> int:
    """Runs a search again and again while killing it, or its workers, at random moments; returns how often it was.

    `wait` is for how many seconds at most a command runs on after the first trial that it has said was finished.
    """
    struck, known = 0, {}
    while struck < kills:
        with (
            errors.open("a") as err,
            subprocess.Popen(process(*given), stdout=err, stderr=err, start_new_session=True) as command,
        ):
            early = dice.random() < 0.2  # before the first of its rows, else after some
            moment = time.monotonic() + dice.uniform(0.0, 1.0) if early else inf
            said, strikes = len(reported(errors)), ATTEMPTS - 1
            while struck < kills and command.poll() is None:
                if time.monotonic() > moment:
                    command.kill()
                    struck += 1
                    break
                time.sleep(dice.uniform(0.0, wait / 4))
                if moment == inf and len(reported(errors)) > said:
                    moment = time.monotonic() + dice.uniform(0.0, wait)
                if moment < inf and strikes and (victims := workers(command.pid)):
                    strikes -= 1
                    with suppress(ProcessLookupError):
                        os.kill(dice.choice(victims), signal.SIGKILL)
                    struck += 1
            command.kill()
        wait_until_gone(command.pid)
        if (out / "sweep.toml").exists() and (out / "trials").exists():
            rows = rows_of(load(out))
            assert known.items() <= rows.items()
            assert reported(errors) <= {trial for trial, _ in rows}
            known = rows
        if command.returncode == 0:
            break
    return struck


FEW = [pytest.param(kind, 5, 40, 4, 0.2, id=f"{kind}, 20 in all") for kind in SWEEPS]
MANY = [pytest.param(kind, 50, 600, 600, 1.5, id=f"{kind}, 200 in all", marks=pytest.mark.slow) for kind in SWEEPS]


@pytest.mark.parametrize(("kind", "kills", "trials", "more", "wait"), [*FEW, *MANY])
def test_nothing_is_lost_and_nothing_there_twice(kind, kills, trials, more, wait, tmp_path):
    """It is gone on with up to so many `more` trials than there are: the others were there only to be killed."""
    overrides = [*SWEEPS[kind], *TRIAL, "search.replicates=2"]
    sets = [part for override in (*overrides, f"search.trials={trials}") for part in ("--set", override)]
    path, out = sweep_file(tmp_path, LINEAR), tmp_path / "out"
    given = ("search", path, "--out", str(out), "--workers", "2", "--verbose", *sets)
    struck = kill_over_and_over(given, out, kills, wait, random.Random(kind), tmp_path / "errors")
    assert struck == kills
    known = rows_of(load(out))
    assert 0 < len(known) < 2 * trials
    overrides.append(f"search.trials={min(trials, max(known)[0] + 1 + more)}")
    ended = search(sweep(*overrides), out=out, workers=2)
    assert known.items() <= rows_of(ended).items()
    assert_same(ended, search(sweep(*overrides), out=tmp_path / "whole", workers=2))
