"""A trial that is judged where it runs, by the table of its block, is judged as the driver would judge it."""

import pytest
from linear_sweep import LINEAR, statuses, sweep

from sweepgd import load, search
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


def test_a_pruned_search_through_threads_records_prunings_that_a_restart_remembers(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    overrides = ('search.pruner="asha"', "search.trials=30", "budget.epochs=25", "space.learning_rate=[1e-4, 0.1]")
    with ThreadPoolExecutor(2) as threads:
        search(sweep(*overrides[:1], "search.trials=20", *overrides[2:]), out=tmp_path, executor=threads)
        before = statuses(load(tmp_path))
        assert {"completed", "pruned"} <= set(before)
        search(sweep(*overrides), out=tmp_path, executor=threads)
    after = statuses(load(tmp_path))
    assert (after[:20], len(after)) == (before, 30)
    assert after[20:].count("pruned") > 2
