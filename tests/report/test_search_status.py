"""The progress of a search as a line and as values, from results and from recorded rows."""

from datetime import UTC, datetime, timedelta

import pytest
from recorded import append, finished

from sweepgd.record import Store
from sweepgd.record.activity import activity
from sweepgd.report.followed_search import COMPLETE, KILLED, RUNNING, STOPPED, FollowedSearch
from sweepgd.report.number_format import time_left
from sweepgd.report.search_status import SearchStatus

ROW = {"trial": 7, "optimizer": "adam", "batch_size": 32, "learning_rate": 0.0012, "schedule": "cosine"}


def test_a_line_has_rate_time_left_best_and_endings():
    status = SearchStatus("trials of shard 1/2")
    status.begin(40, 10, "2 workers", lambda: 4.0)
    assert status.line() == "10/40 trials of shard 1/2"
    for ending, objective, trial in (("completed", 0.5, 7), ("completed", 0.6, 8), ("diverged", 0.1, 9), ("pruned", 0.2, 10)):
        status.add(ending, objective, lambda trial=trial: ROW | {"trial": trial})
        status.done += 1
    assert status.line() == (
        "14/40 trials of shard 1/2, 1 trials/s, 26 s left, best 0.500 (trial 7: adam, batch 32, rate 0.0012, cosine),"
        " 1 trial diverged, 1 pruned"
    )
    values = status.values()
    assert (values["left"], values["trials_per_second"], values["seconds_left"]) == (26, 1.0, 26.0)
    assert values["best"] == ROW | {"objective": 0.5}
    assert (values["completed"], values["diverged"], values["failed"]) == (2, 1, 0)


def test_a_trial_of_rows_counts_as_its_worst_replicate_with_the_mean_objective():
    status = SearchStatus()
    status.add_rows([ROW | {"status": "completed", "objectives": [value]} for value in (0.1, 0.3)])
    status.add_rows([ROW | {"status": name, "objectives": [0.0]} for name in ("completed", "diverged")])
    status.add_rows([ROW | {"status": "failed", "objectives": None}])
    values = status.values()
    assert values["best"]["objective"] == pytest.approx(0.2)
    assert [values[name] for name in ("completed", "diverged", "failed")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3600, "1 h"), (3 * 3600 + 301, "3 h 5 min"), (1e6, "277 h 46 min")],
)
def test_time_left(seconds, text):
    assert time_left(seconds) == text


def test_a_followed_search_runs_and_ends(tmp_path):
    store = Store.open(tmp_path, "name = 'followed'\n[search]\ntrials = 9\n")
    append(store, finished(0))
    store.flush()
    store.announce(3, "2 workers")
    search = FollowedSearch(tmp_path)
    assert search.read()
    assert (search.state, search.status.done, search.status.total, search.status.rate) == (RUNNING, 1, 3, None)
    began = activity(tmp_path).began
    append(store, finished(1, finished_at=began + timedelta(seconds=4)))
    store.flush()
    assert search.read()
    assert (search.status.done, search.status.rate, search.status.seconds_left) == (2, 0.25, 4.0)
    assert not search.read()
    store.close()
    assert search.read()
    assert search.state == STOPPED
    assert (FollowedSearch(tmp_path).read(), search.status.where) == (True, "2 workers")
    again = Store.open(tmp_path, "name = 'followed'\n[search]\ntrials = 3\n")
    again.announce(3, "1 worker")
    append(again, finished(2, finished_at=datetime.now(UTC)))
    again.close()
    assert search.read()
    assert (search.state, search.status.done, search.status.already) == (COMPLETE, 3, 2)


def test_a_killed_search_is_told_from_one_that_was_stopped(tmp_path):
    store = Store.open(tmp_path, "name = 'killed'\n[search]\ntrials = 9\n")
    append(store, finished(0))
    store.flush()
    written = (tmp_path / "log" / "lock").read_bytes()
    store.close()
    (tmp_path / "log" / "lock").write_bytes(written)
    search = FollowedSearch(tmp_path)
    search.read()
    assert (search.state, search.status.done, search.status.total) == (KILLED, 1, 9)
