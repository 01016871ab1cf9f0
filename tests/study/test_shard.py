"""Parts of a search that are run apart, and merged: the record is that of the whole search."""

import signal

import pytest
from commands import call, running, said
from linear_sweep import assert_same, sweep, sweep_file

from sweepgd import load, merge, search
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.record.commit_results import NoProgress
from sweepgd.record.verify import verify
from sweepgd.study.shard import Shard
from sweepgd.sweep import to_toml

SAMPLERS = {
    "random": (),
    "grid": ("space.learning_rate=[0.01,0.1]", "optimizer.momentum.beta=[0.5,0.9]"),
    "quasi_random": (),
}
# 60 trials of 5 ms or so each, the first a given point, with a row of curvature.
MANY = ("search.trials=60", "search.sampler='random'", "budget.epochs=200", "budget.eval_every=3400")
MANY += ("points=[{optimizer='sgd',learning_rate=0.125}]", "measure={measures=['distance']}")
KILLED = (5, 14)


def numbers(results):
    return results.trials["trial"].unique().to_pylist()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_shards_have_the_trials_of_the_whole_search(tmp_path, sampler):
    given = sweep(*SAMPLERS[sampler], f"search.sampler='{sampler}'", "search.trials=7", "search.replicates=2")
    whole = search(given, out=tmp_path / "whole", workers=1)
    first = search(given, out=tmp_path / "1", workers=1, shard=(1, 3))
    assert numbers(first) == [0, 3, 6]
    others = [search(given, out=tmp_path / text[0], workers=1, shard=text) for text in ("2/3", "3/3")]
    assert [numbers(other) for other in others] == [[1, 4], [2, 5]]
    merged = merge([tmp_path / "3", tmp_path / "1", tmp_path / "2"], tmp_path / "merged")
    assert_same(whole, merged)
    assert merged.sweep_toml == whole.sweep_toml


def test_of_20_shards_two_are_killed_and_run_again_and_merged(tmp_path):
    given = sweep(*MANY)
    path = sweep_file(tmp_path, to_toml(given))
    shards = {index: tmp_path / f"shard-{index}" for index in range(1, 21)}
    for index in KILLED:
        asked = ("--shard", f"{index}/20", "--out", str(shards[index]))
        with running("search", path, *asked, "--workers", "1", "--verbose") as command:
            assert said(command, "trial ").startswith(f"trial {index - 1}: completed")
            command.kill()
            assert command.wait() == -signal.SIGKILL
        assert index - 1 in numbers(load(shards[index]))
    for index, out in shards.items():
        search(given, out=out, workers=1, shard=(index, 20))
        assert numbers(load(out)) == [index - 1, index + 19, index + 39]
    merged = merge(shards.values(), tmp_path / "merged")
    assert_same(search(given, out=tmp_path / "whole", workers=1), merged)
    assert merged.curvature.num_rows == 60
    assert not verify(merged.directory).findings


def test_what_is_missing_is_told_and_run_in_the_merged_directory(tmp_path):
    given = sweep("search.sampler='random'", "search.trials=5")
    for index in (1, 2):
        search(given, out=tmp_path / str(index), workers=1, shard=(index, 3))
    notes, out = [], tmp_path / "merged"
    merged = merge([tmp_path / "1", tmp_path / "2"], out, note=notes.append)
    assert numbers(merged) == [0, 1, 3, 4]
    assert notes == [f"1 of 5 trials are missing: sweepgd search {out}/sweep.toml --out {out} runs them"]
    assert_same(search(given, out=tmp_path / "whole", workers=1), search(str(out / "sweep.toml"), out=out, workers=1))


class Progress(NoProgress):
    """Keeps what it is told."""

    def __init__(self):
        self.notes, self.begun = [], []

    def note(self, what):
        self.notes.append(what)

    def started(self, total, done, where):
        self.begun.append((total, done))


def test_the_same_shard_goes_on_and_counts_its_own_trials(tmp_path):
    given = sweep("search.sampler='random'", "search.trials=6")
    progress = Progress()
    search(given, out=tmp_path / "out", workers=1, shard="2/2", timeout=0.0, progress=progress)
    search(given, out=tmp_path / "out", workers=1, shard="2/2", progress=progress)
    results = search(given, out=tmp_path / "out", workers=1, shard="2/2", progress=progress)
    assert numbers(results) == [1, 3, 5]
    assert "time is up: 0 of 3 trials of shard 2/2 are recorded; run the same command to continue" in progress.notes
    assert progress.begun == [(3, 0), (3, 0), (3, 3)]


@pytest.mark.parametrize(
    "text", ["0/20", "21/20", "a/b", "3/0", "", "3", "3/20/1", "-1/20", "٣/٩", (0, 2), (1, 2, 3), (True, 2), 3]
)
def test_what_is_no_shard_is_a_line(text):
    with pytest.raises(UsageError, match=r"write I/N with I from 1 to N, such as 3/20$"):
        Shard.of(text)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("search.sampler='tpe'", "the tpe sampler learns from all trials"),
        ("search.pruner='median'", "the median pruner compares all trials"),
    ],
)
def test_what_needs_the_results_of_other_shards_is_refused(tmp_path, override, reason):
    with pytest.raises(UsageError, match=f"^shard 1/2: {reason}, but a shard has only its own trials: "):
        search(sweep("search.sampler='random'", override), out=tmp_path / "out", shard=(1, 2))
    assert not (tmp_path / "out").exists()


def test_a_shard_on_the_command_line_has_a_directory_of_its_own(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    asked = ("search", sweep_file(tmp_path), "--set", "search.sampler='random'", "--workers", "1")
    ended = call(monkeypatch, capsys, *asked, "--shard", "2/2")
    assert ended.code == 0
    assert "running 3 trials of shard 2/2 on 1 worker\n" in ended.err
    assert "3/3 trials of shard 2/2, " in ended.err
    following = "Next, when all 2 shards have ended: sweepgd merge results/example-shard-*-of-2 -o results/example"
    assert following in " ".join(ended.out.split())
    assert numbers(load("results/example-shard-2-of-2")) == [1, 3, 5]
    nothing = call(monkeypatch, capsys, *asked, "--shard", "8/8", "--quiet")  # of six trials
    assert (nothing.code, numbers(load("results/example-shard-8-of-8"))) == (0, [])
    refused = call(monkeypatch, capsys, *asked, "--shard", "3/2")
    assert (refused.code, refused.err) == (2, "sweepgd: shard '3/2' is not valid: write I/N with I from 1 to N, such as 3/20\n")


# --- What cannot be merged


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """Two shards, `1` and `2`, of two trials in the working directory."""
    monkeypatch.chdir(tmp_path)
    for index in (1, 2):
        search(sweep("search.sampler='random'", "search.trials=2"), out=str(index), workers=1, shard=(index, 2))
    return tmp_path


def test_what_cannot_be_merged_is_refused_before_anything_is_written(parts):
    other = sweep("search.sampler='random'", "search.trials=2", "space.batch_size=[5]", "search.seed=7")
    search(other, out="other", workers=1, shard=(2, 2))
    search(sweep("search.sampler='random'", "search.trials=2"), out="both", workers=1)
    (parts / "folder").mkdir()
    (parts / "file").write_text("")
    before = sorted(parts.iterdir())
    cases = {
        (): "there are no results directories to merge: give the directories of the shards",
        ("1", "other"): r"^1 and other hold different sweeps: search.seed is 0 in the first, and 7 in the second$",
        ("1", "2", "both"): "^1 and both both hold trial 0: leave one of them out$",
        ("1", "2", "./1"): "^1 is given twice: name each directory once$",
        ("1", "folder"): "^folder is not a results directory",
        ("1", "nowhere"): "^nowhere does not exist",
    }
    for given, message in cases.items():
        with pytest.raises(SweepgdError, match=message):
            merge(given, "out")
    for out, message in {
        "1/out": "1/out is inside 1, one of the directories to merge",
        "both": "both holds results",
        "file": "file is a file",
        ".": ". is not empty",
    }.items():
        with pytest.raises(SweepgdError, match=f"^{message}: give another -o$"):
            merge(["1", "2"], out)
    assert sorted(parts.iterdir()) == before
