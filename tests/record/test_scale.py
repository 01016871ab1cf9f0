"""A large study: how many files it is, and what analyzing and reopening it cost, compared with a study of a tenth."""

import subprocess
import sys

import pytest
from tiny import sweep

from sweepgd import load
from sweepgd.preparation import prepare
from sweepgd.record import Store
from sweepgd.sweep import configuration_of, to_toml
from sweepgd.trial import Task, run

# How much it took is asked in the process itself: what `wait4` tells of a child begins with its parent's memory, before `exec`.
COST = """
import re, sys
from pathlib import Path
from time import process_time

def cost(since=0.0):
    largest = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    return f"\\n{process_time() - since} {largest}"
"""
ANALYZE = f"""{COST}
from sweepgd.cli import main

sys.argv = ["sweepgd", "analyze", sys.argv[1]]
try:
    main()
finally:
    print(cost(), file=sys.stderr)
"""
# From the call of `search` until the first trial is handed out.
REOPEN = f"""{COST}
from sweepgd import search
from sweepgd.workers import Pool

def submit(self, task, call=Pool.submit):
    print(cost(begun), file=sys.stderr)
    return call(self, task)

Pool.submit = submit
begun = process_time()
search(sys.argv[2], out=sys.argv[1], workers=1)
"""


def cost(script, *arguments):
    """The seconds of the processor, and the largest memory in bytes, that a script says it took."""
    ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, ended.stderr.splitlines()[-1].split())
    return seconds, kilobytes * 1024


def large(directory, trials):
    """What a search of so many trials leaves, and the sweep of one more."""
    prepared = prepare(sweep(f"search.trials={trials + 1}", "budget.epochs=4"))
    prepared.lab.compile(["sgd", "momentum"], lambda _: None)
    store = Store.open(directory, to_toml(prepared.sweep))
    for trial in range(trials):
        task = Task(trial, configuration_of(prepared.advisor.ask(trial)), (), None)
        store.append(trial, run(prepared.lab, task).record)
        if trial % 100 == 0:
            store.flush()
            store.publish_if_due()
    store.publish()
    store.close()
    return prepared.sweep


def costs(directory, trials):
    """The seconds of the processor and the bytes that analyzing and that reopening a study of so many trials take."""
    asked = large(directory, trials)
    (directory / "asked.toml").write_text(to_toml(asked))
    return cost(ANALYZE, directory), cost(REOPEN, directory, directory / "asked.toml")


# Start-up is about a second of either; a millisecond more a trial would make the larger of 5,000 four times as dear.
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
