"""A large study: how many files it is, and analyzing and reopening it, in seconds of the processor: a busy one takes longer."""

import subprocess
import sys
from time import process_time

import pytest
from tiny import sweep

from sweepgd import load, search
from sweepgd.record import Store
from sweepgd.preparation import prepare
from sweepgd.sweep import configuration_of, to_toml
from sweepgd.trial import Task, run
from sweepgd.workers import Pool

# The largest memory is read from the process itself: what `wait4` tells of a child begins with its parent's, before `exec`.
ANALYZE = """
import re, resource, sys
from pathlib import Path
from sweepgd.cli import main

sys.argv = ["sweepgd", "analyze", sys.argv[1]]
main()
largest = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(resource.getrusage(resource.RUSAGE_SELF).ru_utime, largest, file=sys.stderr)
"""


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
    store.close()
    return prepared.sweep


@pytest.mark.parametrize(
    ("trials", "analyzing", "reopening"),
    [(10_000, 3.0, 1.0), pytest.param(100_000, 5.0, 3.0, marks=pytest.mark.slow)],
)
def test_a_large_study_is_read_and_reopened_in_seconds(tmp_path, monkeypatch, trials, analyzing, reopening):
    asked = large(tmp_path, trials)
    assert len(list(tmp_path.glob("trials/*.parquet"))) < 40

    ended = subprocess.run([sys.executable, "-c", ANALYZE, tmp_path], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, ended.stderr.split())
    assert seconds <= analyzing
    assert kilobytes * 1024 <= 1e9

    submitted = []
    submit = Pool.submit
    monkeypatch.setattr(Pool, "submit", lambda self, task: (submitted.append(process_time()), submit(self, task)))
    begun = process_time()
    search(asked, out=tmp_path, workers=1)
    assert submitted[0] - begun <= reopening
    assert load(tmp_path).trials["trial"].to_pylist() == list(range(trials + 1))
