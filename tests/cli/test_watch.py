"""`sweepgd watch`: it follows a search that another process writes, and says how that ended."""

import json
import re
from io import StringIO

import pytest
from recorded import append, finished

from sweepgd.cli import live_view, watch
from sweepgd.cli.console import SafeConsole
from sweepgd.cli.live_view import LiveView
from sweepgd.record import Store
from sweepgd.report.search_status import SearchStatus


@pytest.fixture
def store(tmp_path):
    """Return an open store of a search of two trials, the first of which is recorded."""
    store = Store.open(tmp_path / "out", "name = 'watched'\n[search]\ntrials = 2\n")
    store.announce(2, "2 workers")
    append(store, finished(0))
    store.flush()
    return store


def ending(store, monkeypatch):
    """End the search with its second trial as soon as `watch` waits."""

    def end(seconds):
        append(store, finished(1))
        store.close()

    monkeypatch.setattr(watch, "sleep", end)


def test_watch_follows_a_search_to_its_end(run, store, monkeypatch):
    ending(store, monkeypatch)
    watched = run("watch", "out")
    assert (watched.code, watched.out) == (0, "")
    first, last, told = watched.err.splitlines()
    assert re.fullmatch(r"1/2 trials, best validation loss \S+ \(trial 0: momentum, batch 8, rate 0.1\)", first)
    assert last.startswith("2/2 trials, ")
    assert told == "The search is complete. Next: sweepgd analyze out"


def test_watch_prints_a_line_of_json_for_each_update(run, store, monkeypatch):
    ending(store, monkeypatch)
    watched = run("watch", "out", "--json")
    assert (watched.code, watched.err) == (0, "")
    lines = [json.loads(line) for line in watched.out.splitlines()]
    assert [(line["state"], line["done"], line["total"]) for line in lines] == [("running", 1, 2), ("complete", 2, 2)]
    assert lines[0]["where"] == "2 workers"
    assert lines[0]["best"]["objective"] == finished(0).rows[0]["objectives"][0]


def test_watch_says_that_a_search_was_stopped_or_killed(run, store, tmp_path):
    held = (tmp_path / "out" / "log" / "lock").read_text()
    store.close()
    stopped = run("watch", "out")
    recorded = "1 of 2 trials are recorded in out; run the same sweepgd search command to continue"
    how = "was stopped, by Ctrl-C or a limit of time"
    assert (stopped.code, stopped.err.splitlines()[-1]) == (1, f"sweepgd: the search {how}: {recorded}")
    (tmp_path / "out" / "log" / "lock").write_text(held)
    killed = run("watch", "out")
    holder = held.partition("\n")[0]
    assert (killed.code, killed.err.splitlines()[-1]) == (1, f"sweepgd: the search was killed ({holder}): {recorded}")


def test_watch_needs_a_results_directory(run, tmp_path):
    refused = run("watch", str(tmp_path))
    assert refused.code == 1
    assert refused.err == f"sweepgd: {tmp_path} is not a results directory: it must contain sweep.toml and a folder trials\n"


def status_of(done, total):
    status = SearchStatus()
    status.begin(total, done, "2 workers", lambda: 10.0)
    status.already = 0
    return status


def test_lines_without_a_terminal_come_at_growing_intervals(monkeypatch):
    clock, file, status = [0.0], StringIO(), status_of(0, 10_000)
    monkeypatch.setattr(live_view, "monotonic", lambda: clock[0])
    with LiveView(status, SafeConsole(file)) as view:
        view.start()
        for second in range(1, 1001):
            clock[0], status.done = float(second), second
            view.changed()
        view.changed(now=True)
    said = [int(line.partition("/")[0]) for line in file.getvalue().splitlines()]
    assert said[:3] == [6, 12, 18]
    assert said[-1] == 1000
    assert 90 <= said[-2] - said[-3] <= 101
    assert len(said) < 50


def test_the_view_of_a_terminal_fits_its_width_and_shows_no_control_characters():
    file, status = StringIO(), status_of(5, 10)
    row = {"trial": 3, "optimizer": "evil\x1b[2J\nrule", "batch_size": 8, "learning_rate": 0.1}
    status.add("completed", 0.25, lambda: row)
    status.add("diverged", None, lambda: row)
    console = SafeConsole(file, force_terminal=True, width=80, color_system=None)
    console.print(LiveView(status, console)._rendered())
    bar, best = file.getvalue().splitlines()
    assert bar.startswith("trials ━━━━")
    assert "5/10, 0.5 trials/s, 10 s left, 2 workers" in bar
    assert best == r"best 0.250 (trial 3: evil\x1b[2J\nrule, batch 8, rate 0.1), 1 trial diverged"
    assert max(map(len, (bar, best))) <= 80
