"""The number of files of a large study, and what analysing and reopening it cost, compared with a study of a tenth."""

import subprocess
import sys

import pytest
from linear_sweep import sweep

from sweepgd import load
from sweepgd.record import Store
from sweepgd.study.preparation import prepare
from sweepgd.sweep import configuration_of, to_toml
from sweepgd.training.trial import TrialTask, run

# The process reports its own memory: the maximum that `wait4` returns for a child includes the parent's memory before `exec`.
COST = """
import re, sys
from pathlib import Path
from time import process_time

def cost(since=0.0):
    largest = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    return f"\\n{process_time() - since} {largest}"
"""
ANALYZE = f"""{COST}
from sweepgd.cli.main import main

sys.argv = ["sweepgd", "analyze", sys.argv[1]]
try:
    main()
finally:
    print(cost(), file=sys.stderr)
"""
# From the call of `search` until the first task is submitted.
REOPEN = f"""{COST}
from sweepgd import search
from sweepgd.execution.pool import Pool

def submit(self, task, call=Pool.submit):
    print(cost(begun), file=sys.stderr)
    return call(self, task)

Pool.submit = submit
begun = process_time()
search(sys.argv[2], out=sys.argv[1], workers=1)
"""


def cost(script, *arguments):
    """Return the processor seconds and the maximum memory in bytes that a script reports."""
    ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, ended.stderr.splitlines()[-1].split())
    return seconds, kilobytes * 1024


def write_study(directory, trials):
    """Write the results of a search with `trials` trials, and return its sweep with one trial more."""
    prepared = prepare(sweep(f"search.trials={trials + 1}", "budget.epochs=4"))
    prepared.context.compile(["sgd", "momentum"], lambda _: None)
    store = Store.open(directory, to_toml(prepared.sweep))
    for trial in range(trials):
        task = TrialTask(trial, configuration_of(prepared.advisor.ask(trial)), (), None)
        store.append(trial, run(prepared.context, task).record)
        if trial % 100 == 0:
            store.flush()
            store.publish_if_due()
    store.publish()
    store.close()
    return prepared.sweep


def costs(directory, trials):
    """Return the processor seconds and bytes of analysing, and of reopening, a study of `trials` trials."""
    spec = write_study(directory, trials)
    (directory / "spec.toml").write_text(to_toml(spec))
    return cost(ANALYZE, directory), cost(REOPEN, directory, directory / "spec.toml")


# Start-up takes about 1 s in both; 1 ms more for each trial would make the study of 5,000 trials four times as expensive.
@pytest.mark.parametrize(("trials", "times"), [(5_000, 3), pytest.param(100_000, 6, marks=pytest.mark.slow)])
def test_a_large_study_costs_little_more_than_a_tenth_of_it(tmp_path, trials, times):
    for (seconds, memory), (less, _) in zip(
        costs(tmp_path / "whole", trials), costs(tmp_path / "tenth", trials // 10), strict=True
    ):
        assert less > 0
        assert seconds <= times * less
        assert 5e7 < memory <= 1e9
    assert len(list(tmp_path.glob("whole/trials/*.parquet"))) < 40
    assert load(tmp_path / "whole").trials["trial"].to_pylist() == list(range(trials + 1))
