"""Adaptive samplers propose the points of a generation while workers run the trials before, except with a pruner."""

import pytest
from linear_sweep import sweep

from sweepgd import search
from sweepgd.study import ask_and_tell
from sweepgd.study.advisor import Advisor


@pytest.mark.parametrize(
    ("pruner", "order"), [("none", "ask run ask run ask run"), ("median", "ask ask ask run run run")], ids=["none", "pruner"]
)
def test_points_are_proposed_one_by_one_unless_runs_report(tmp_path, monkeypatch, pruner, order):
    events = []
    ask, dispatch = Advisor.ask, ask_and_tell.dispatch

    def recorded_ask(advisor, number):
        events.append("ask")
        return ask(advisor, number)

    def recorded_dispatch(engine, tasks, *rest):
        dispatch(engine, (events.append("run") or task for task in tasks), *rest)

    monkeypatch.setattr(Advisor, "ask", recorded_ask)
    monkeypatch.setattr(ask_and_tell, "dispatch", recorded_dispatch)
    settings = ("search.sampler='tpe'", "search.trials=3", "search.generation=3", f"search.pruner='{pruner}'")
    search(sweep(*settings), out=tmp_path / "out", workers=1)
    assert " ".join(events) == order
