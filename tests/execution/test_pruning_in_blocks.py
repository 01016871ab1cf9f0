"""A worker prunes a trial by the results sent with its block, exactly when the driver would prune it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from linear_sweep import LINEAR, statuses, sweep

from sweepgd import load, search
from sweepgd.execution.executor_transport import ExecutorTransport
from sweepgd.execution.helpers import run_block
from sweepgd.execution.messages import Returned, RungReport
from sweepgd.execution.pruners import RUNGS, Judge
from sweepgd.study.advisor import Advisor

OBJECTIVES = ("train_loss",)


def advisor_of(pruner):
    return Advisor(sweep(f'search.pruner="{pruner}"', "search.trials=40", text=LINEAR), OBJECTIVES)


@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband"])
def test_the_table_decides_as_the_driver_does(pruner):
    """Trials one after the other, each worse than the last by turns, the last ones judged twice."""
    advisor = advisor_of(pruner)
    decided = []
    for number in range(40):
        advisor.ask(number)
        judge = Judge(advisor.table())
        pruned = False
        for percent in RUNGS[pruner]:
            mean = ((number * 7) % 11 + 1) / percent
            here, there = advisor.should_prune(number, percent, mean), judge.should_prune(number, percent, mean)
            assert here == there
            if here:
                pruned = True
                break
        decided.append(pruned)
        state = advisor.state(number, [mean], pruned=pruned)
        advisor.tell(number, [mean], state)
    assert 3 < sum(decided) < 37


class RecordingThreads(ThreadPoolExecutor):
    """Keeps the blocks that it runs, with their outcomes."""

    def __init__(self, workers):
        super().__init__(workers)
        self.blocks = []

    def submit(self, function, *arguments):
        future = super().submit(function, *arguments)
        if function is run_block:
            self.blocks.append((arguments[1], future))
        return future


def test_an_executors_trials_are_judged_by_the_results_sent_with_their_block(monkeypatch, tmp_path):
    monkeypatch.setattr(ExecutorTransport, "block_seconds", 0.01)  # blocks of a few trials
    given = sweep('search.pruner="median"', "search.trials=30", "budget.epochs=25", "space.learning_rate=[1e-4, 0.1]")
    with RecordingThreads(2) as threads:
        results = search(given, out=tmp_path, executor=threads)
    pruned = set()
    returned = [(block, future.result()) for block, future in threads.blocks if isinstance(future.result(), Returned)]
    for block, outcome in returned:
        judge = Judge(block.table)
        reports = [event for event in outcome.events if isinstance(event, RungReport)]
        assert all(report.judged for report in reports)
        decided = {(each.task.trial, judge.should_prune(each.task.trial, each.percent, each.mean)) for each in reports}
        pruned |= {trial for trial, prune in decided if prune}
    assert sorted(task.trial for block, _ in returned for task in block.tasks) == list(range(30))
    assert len(returned) > 5
    assert len(pruned) > 2
    assert [trial in pruned for trial in range(30)] == [status == "pruned" for status in statuses(results)]


def test_a_pruned_search_through_threads_records_prunings_that_a_restart_remembers(tmp_path):
    overrides = ('search.pruner="asha"', "search.trials=30", "budget.epochs=25", "space.learning_rate=[1e-4, 0.1]")
    with ThreadPoolExecutor(2) as threads:
        search(sweep(*overrides[:1], "search.trials=20", *overrides[2:]), out=tmp_path, executor=threads)
        before = statuses(load(tmp_path))
        assert {"completed", "pruned"} <= set(before)
        search(sweep(*overrides), out=tmp_path, executor=threads)
    after = statuses(load(tmp_path))
    assert (after[:20], len(after)) == (before, 30)
    assert after[20:].count("pruned") > 2
