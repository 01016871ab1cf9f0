"""Time limits of trials and sweeps: replicates that ended before the limit keep their results."""

from math import inf
from time import monotonic

from commands import call, completed
from linear_sweep import LINEAR, sweep, sweep_file
from run_builders import configuration

from sweepgd import load
from sweepgd.core.errors import SweepgdError
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial import TrialTask, run


class Late(SweepContext):
    """The deadline of replicate 1 passes after its first evaluation, that of replicate 2 before it begins."""

    def training(self, configuration, replicate, rungs=(), deadline=inf):
        training = super().training(configuration, replicate, rungs, monotonic() - 1 if replicate == 2 else deadline)
        advance = training.advance

        def late():
            points = advance()
            if replicate == 1:
                yield next(points)
                training._deadline = monotonic() - 1
            yield from points

        training.advance = late
        return training


def test_finished_replicates_keep_their_results():
    result = run(Late(sweep("search.replicates=3")), TrialTask(0, configuration(batch_size=5), time_limit=3600.0))
    whole, late, latest = result.finished.rows
    assert [row["status"] for row in result.finished.rows] == ["completed", "timed_out", "timed_out"]
    assert late["message"] == latest["message"] == "stopped at the trial's time limit"
    assert whole["train_loss"] is not None
    assert (whole["updates"], late["updates"]) == (14, 1)
    assert late.get("train_loss") is None
    assert "updates" not in latest
    assert (result.status, result.objectives) == ("timed_out", None)


def test_with_a_deadline_the_time_is_checked_after_the_first_update(monkeypatch):
    """A first call of 256 updates of 0.1 s each would leave no time to return the results of the other replicates."""
    context = SweepContext(sweep())
    first = []
    for deadline in (inf, monotonic() + 3600.0):
        training = context.training(configuration(batch_size=5), 0, deadline=deadline)
        calls, trainer = [], training.kernels.train
        monkeypatch.setattr(training.kernels, "train", lambda *given, c=calls, t=trainer: c.append(len(given[2])) or t(*given))
        training.run()
        first.append(calls[0])
    assert first == [7, 1]


def test_the_command_line_takes_limits_with_units(monkeypatch, capsys, tmp_path):
    given = {}

    def search(sweep, **options):
        given.update(options)
        raise SweepgdError("enough")

    monkeypatch.setattr("sweepgd.study.search.search", search)
    out = str(tmp_path / "out")
    ended = call(monkeypatch, capsys, "search", sweep_file(tmp_path), "--out", out, "--timeout", "3h", "--trial-timeout", "90s")
    assert (ended.code, given["timeout"], given["trial_timeout"]) == (1, 10800.0, 90.0)


def test_a_trial_ends_at_its_limit_and_none_begins_after_the_sweeps_limit(tmp_path):
    """Of 200 trials of an hour on one worker at most six end at 0.6 s: the last has begun before 3 s have passed."""
    path = sweep_file(tmp_path, LINEAR.replace("epochs = 2", "seconds = 3600"))
    limits = ("--trial-timeout", "0.01m", "--timeout", "3s")
    ended = completed("search", path, "--out", str(tmp_path / "out"), "--workers", "1", "--trials", "200", *limits)
    assert ended.returncode == 3, ended.stderr
    rows = load(tmp_path / "out").trials.to_pylist()
    assert 1 <= len(rows) <= 6
    assert {(row["status"], row["message"]) for row in rows} == {("timed_out", "stopped at the trial's time limit")}
    assert all((row["finished_at"] - row["started_at"]).total_seconds() >= 0.6 for row in rows)
    assert f"time is up: {len(rows)} of 200 trials are recorded; run the same command to continue" in ended.stderr
