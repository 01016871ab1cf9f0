"""A trial that reaches its time limit: what ended before it keeps its results."""

from time import monotonic

from small import configuration
from tiny import sweep

from sweepgd.lab import Lab
from sweepgd.trial import Task, run


class Late(Lab):
    """Replicate 1 finds its time over at its first call."""

    def training(self, configuration, replicate, rungs=()):
        training = super().training(configuration, replicate, rungs)
        if replicate == 1:
            advance = training.advance

            def late():
                training.deadline = monotonic() - 1
                yield from advance()

            training.advance = late
        return training


def test_finished_replicates_keep_their_results():
    result = run(Late(sweep("search.replicates=2")), Task(0, configuration(batch_size=5), time_limit=3600.0))
    whole, late = result.finished.rows
    assert (whole["status"], late["status"]) == ("completed", "timed_out")
    assert late["message"] == "stopped at the trial's time limit"
    assert whole["train_loss"] is not None
    assert 0 < late["updates"] < whole["updates"] or late["updates"] == whole["updates"]
    assert late.get("train_loss") is None
    assert (result.status, result.told) == ("timed_out", None)
