from types import SimpleNamespace

import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.minimisers.landscape import RunKey, SurfaceOptions, best, pair
from sweepgd.minimisers.landscape.survey import survey

SMALL = SurfaceOptions(resolution=5)


class ProgressRecorder:
    """Progress of a survey that records its events."""

    def __init__(self, landscape):
        self.notes, self.began_, self.points = [], [], 0
        landscape.note = self.notes.append

    def began(self, what, points):
        self.began_.append((what, points))

    def advance(self):
        self.points += 1


@pytest.fixture
def surveyed(tmp_path, monkeypatch):
    """Makes landscapes in a folder of their own; gives the names of their files, and what was said."""

    def made(landscape, ends=None, planes=()):
        monkeypatch.setattr(landscape, "directory", tmp_path)
        recorder = ProgressRecorder(landscape)
        found = list(survey(landscape, ends, planes, SMALL, progress=recorder, workers=1))
        assert all(path.is_file() and path.parent == tmp_path / "landscapes" for path, _ in found)
        return [path.name.rpartition("-")[0] for path, _ in found], recorder

    return made


def test_by_default_it_is_the_pair_and_the_planes_through_both(moons, surveyed):
    small, large = pair(moons.results.trials)
    assert moons.row(small)["batch_size"] == 4
    assert moons.row(large)["batch_size"] == 32
    names, recorder = surveyed(moons)
    assert names == [f"line-{small}-{large}", f"surface-{small}", f"surface-{large}"]
    assert recorder.began_ == [(f"line {small} to {large}", 61), (f"surface {small}", 25), (f"surface {large}", 25)]
    assert recorder.points == 61 + 25 + 25
    losses = [f"{moons.row(run)['train_loss']:.3g}" for run in (small, large)]
    assert recorder.notes[0] == (
        f"the landscapes show the two runs with the nearest train losses: run {small} of batch size 4, train loss {losses[0]}, "
        f"and run {large} of batch size 32, train loss {losses[1]}"
    )
    names, recorder = surveyed(moons)
    assert recorder.began_ == []
    assert all(note.endswith("exists already and is not computed again") for note in recorder.notes[1:])
    assert len(names) == len(recorder.notes[1:]) == 3


def test_what_is_named_is_what_is_made(moons, surveyed):
    assert surveyed(moons, (RunKey(1, 1), RunKey(0, 0)))[0] == ["line-1.1-0.0", "surface-1.1", "surface-0.0"]
    assert surveyed(moons, None, [RunKey(1, 0), RunKey(1, 0)])[0] == ["surface-1.0"]
    assert surveyed(moons, (RunKey(0, 0), RunKey(1, 0)), [RunKey(0, 1)])[0] == ["line-0.0-1.0", "surface-0.1"]


def test_with_one_batch_size_there_is_the_plane_of_the_best_run_and_no_line(linear, surveyed):
    names, recorder = surveyed(linear)
    assert names == [f"surface-{best(linear.results.trials)}"]
    assert recorder.notes[0] == (
        "no line: a line needs two batch sizes, but all completed runs on the same data have 5: name two runs with --line"
    )


def test_a_model_of_one_parameter_has_lines_only(searched, quadratic, surveyed):
    landscape = searched(quadratic.results.sweep_toml, "model.curvatures=[2.0]", "model.start=[1.0]")
    names, recorder = surveyed(landscape, (RunKey(0), RunKey(1)))
    assert names == ["line-0.0-1.0"]
    assert recorder.notes[0] == "no surfaces are drawn, because the model has a single parameter"
    with pytest.raises(SweepgdError, match="there is nothing to draw: name two runs for a line"):
        surveyed(landscape)


def test_nothing_is_made_where_anything_asked_for_cannot_be(moons, surveyed, tmp_path):
    with pytest.raises(UsageError, match=r"holds no run 9.0"):
        surveyed(moons, (RunKey(0), RunKey(1)), [RunKey(9)])
    with pytest.raises(UsageError, match=r"both ends are 1.0"):
        surveyed(moons, (RunKey(1), RunKey(1)))
    assert list(tmp_path.iterdir()) == []


def test_a_study_in_which_nothing_completed_says_so(linear, surveyed, monkeypatch):
    trials = linear.results.trials.slice(1)
    monkeypatch.setattr(linear, "results", SimpleNamespace(trials=trials))
    with pytest.raises(SweepgdError, match="no run completed"):
        surveyed(linear)
