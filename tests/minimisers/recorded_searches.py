"""Measuring the minimisers of a recorded search, with the progress that is reported."""

from pathlib import Path

from sweepgd import measure
from sweepgd.record.commit_results import NoProgress

SHAKY = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"
RUNS = ("search.trials=3",)


class RecordedProgress(NoProgress):
    """Keeps the progress events that it receives."""

    def __init__(self):
        self.notes, self.counts, self.results = [], (), []

    def note(self, what):
        self.notes.append(what)

    def started(self, total, done, where):
        self.counts = (total, done, where)

    def finished(self, result):
        self.results.append(result)


def measured(directory, *names, **how):
    """Return the table of `measure`, and the progress events that it sent."""
    recorder = RecordedProgress()
    return measure(directory, measures=names or None, workers=1, progress=recorder, **how), recorder
