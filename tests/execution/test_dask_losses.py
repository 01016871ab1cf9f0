"""`kill -9` of Dask workers, nannies and schedulers at random moments: what was reported stays, and the end is the same."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from commands import process
from dask_cluster import DaskCluster
from linear_sweep import LINEAR, assert_same, sweep, sweep_file
from session import wait_until_gone

from sweepgd import load, search
from sweepgd.record import Results

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

# A trial takes 30 to 60 ms, so that most kills strike some.
TRIAL = ("budget.epochs=2000", "budget.eval_every=3400", "search.sampler='random'", "search.replicates=2")


def rows_of(results: Results) -> dict[tuple[int, int], object]:
    """Return when each run finished, by trial and replicate. Raise AssertionError where one is there twice."""
    rows = results.trials.select(["trial", "replicate", "finished_at"]).to_pylist()
    found = {(row["trial"], row["replicate"]): row["finished_at"] for row in rows}
    assert len(found) == len(rows)
    return found


class Losses:
    """Runs a search on a cluster of two workers again and again, while parts of the cluster are killed at random moments."""

    def __init__(self, folder: Path, given: tuple[str, ...], kills: list[str], wait: float, dice: random.Random) -> None:
        self._cluster, self._out = DaskCluster(folder), folder / "out"
        self._given = (*given, "--out", str(self._out))
        self._errors = folder / "errors"
        self._kills, self._wait, self._dice = kills, wait, dice
        self.known: dict[tuple[int, int], object] = {}
        self.struck: list[str] = []
        self.exit_codes: list[int] = []

    def run(self) -> None:
        """Run until all kills are done, or the search is complete."""
        with self._cluster:
            while self._kills:
                self._start_workers()
                with self._errors.open("a") as err:
                    command = process(*self._given, "--on", self._cluster.address)
                    with subprocess.Popen(command, stdout=err, stderr=err, start_new_session=True) as driver:
                        self._strike(driver)
                        if not self._kills and driver.poll() is None:
                            driver.kill()
                    wait_until_gone(driver.pid)
                self._check()
                self.exit_codes.append(driver.returncode)
                assert driver.returncode == 0 or not self._kills or self.struck[-1] == "scheduler", self._errors.read_text()
                if driver.returncode == 0:
                    return

    def _start_workers(self) -> None:
        if not self._cluster.scheduler.runs:
            for worker in self._cluster.workers:
                worker.kill()
            self._cluster.start_scheduler()
        self._cluster.workers = [worker for worker in self._cluster.workers if worker.runs]
        while len(self._cluster.workers) < 2:
            self._cluster.add_worker()

    def _strike(self, driver: subprocess.Popen[bytes]) -> None:
        """Kill what is next, at random moments after the first trial that the driver says was finished."""
        while self._kills and driver.poll() is None:
            said = len(self._reported())
            while len(self._reported()) == said and driver.poll() is None:
                time.sleep(0.05)
            time.sleep(self._dice.uniform(0.0, self._wait))
            if driver.poll() is not None:
                return
            kind = self._kills.pop(0)
            self.struck.append(kind)
            if kind == "scheduler":
                self._cluster.scheduler.kill()
                driver.wait()
            elif kind == "nanny":
                self._dice.choice(self._cluster.workers).kill()
                self._start_workers()
            else:
                for victim in self._dice.choice(self._cluster.workers).worker_processes():
                    with suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)

    def _reported(self) -> set[int]:
        return {int(number) for number in re.findall(r"^trial (\d+): ", self._errors.read_text(), re.MULTILINE)}

    def _check(self) -> None:
        """Assert that no row is gone, or there twice, and that all is there that was said to be finished."""
        rows = rows_of(load(self._out))
        assert self.known.items() <= rows.items()
        assert self._reported() <= {trial for trial, _ in rows}
        self.known = rows


@pytest.mark.parametrize(
    ("kills", "trials", "more", "wait"),
    [
        pytest.param(3, 3000, 4, 0.5, id="3"),
        pytest.param(30, 4000, 100, 3.0, id="30", marks=pytest.mark.slow),
    ],
)
def test_nothing_is_lost_and_nothing_there_twice(kills, trials, more, wait, tmp_path):
    """The search goes on locally, with up to so many `more` trials: the others were there only to be killed."""
    dice = random.Random(kills)
    planned = [("nanny", "worker", "scheduler")[number % 3] for number in range(kills)]
    dice.shuffle(planned)
    sets = [part for override in (*TRIAL, f"search.trials={trials}") for part in ("--set", override)]
    losses = Losses(tmp_path, ("search", sweep_file(tmp_path, LINEAR), "--verbose", *sets), list(planned), wait, dice)
    losses.run()
    assert losses.struck == planned
    assert losses.exit_codes[:-1] == [1] * (len(losses.exit_codes) - 1)
    known = losses.known
    assert 0 < len(known) < 2 * trials
    overrides = (*TRIAL, f"search.trials={min(trials, max(known)[0] + 1 + more)}")
    ended = search(sweep(*overrides), out=tmp_path / "out", workers=2)
    assert known.items() <= rows_of(ended).items()
    assert_same(ended, search(sweep(*overrides), out=tmp_path / "whole", workers=2))
