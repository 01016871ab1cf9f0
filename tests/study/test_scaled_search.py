"""Small forms of a sweep: `--scale` and `search.scale`."""

import tomllib

import pytest
from commands import call
from linear_sweep import assert_same, computed, sweep, sweep_file

from sweepgd import merge, search
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.study.advisor import Advisor
from sweepgd.sweep import configuration_of

GRID = ("search={sampler='grid'}", "space.optimizer='sgd'", "optimizer={}", "space.learning_rate=[0.1,0.2,0.3,0.4,0.5]")
GRID += ("space.batch_size=[1,2,3,4,5,6,8,10,12,16]",)


def advisor(*overrides):
    return Advisor(sweep(*overrides), ["validation_loss"])


def asked(found):
    return [configuration_of(found.ask(number)) for number in range(found.total())]


@pytest.mark.parametrize(("scale", "trials"), [(1.0, 100), (0.5, 50), (0.07, 7), (0.001, 1), (0.101, 11)])
def test_the_trials_are_the_first_ones_of_the_whole_search(scale, trials):
    whole, part = (advisor("search.trials=100", f"search.scale={share}") for share in (1, scale))
    assert part.total() == trials
    assert asked(part) == asked(whole)[:trials]


def test_a_grid_is_sampled_evenly_and_without_repeats():
    whole, part = asked(advisor(*GRID)), asked(advisor(*GRID, "search.scale=0.2"))
    places = [whole.index(each) for each in part]
    assert (len(whole), len(part)) == (50, 10)
    assert [place // 5 for place in places] == list(range(10))  # one in each tenth
    assert len({each.learning_rate for each in part}) > 2
    assert len({each.batch_size for each in part}) > 2
    assert asked(advisor(*GRID, "search.scale=0.2")) == part
    assert asked(advisor(*GRID, "search.scale=0.2", "search.seed=1")) != part
    assert len(asked(advisor(*GRID, "search.scale=0.01"))) == 1
    some = asked(advisor(*GRID, "search.trials=20", "search.scale=0.5"))
    assert [whole.index(each) // 2 for each in some] == list(range(10))  # of the first 20 points


def test_fixed_points_come_first_and_count():
    points = "points=[{optimizer='sgd',learning_rate=0.9},{optimizer='sgd',learning_rate=0.8}]"
    found = asked(advisor(*GRID, points, "search.scale=0.2"))
    assert len(found) == 11
    assert [each.learning_rate for each in found[:2]] == [0.9, 0.8]
    assert len(set(map(repr, found))) == 11
    assert [each.learning_rate for each in asked(advisor(*GRID, points, "search.scale=0.01"))] == [0.9]


@pytest.mark.parametrize("scale", ["0", "-0.1", "1.01", "'half'", "nan"])
def test_a_scale_is_more_than_0_and_at_most_1(scale):
    with pytest.raises(UsageError, match=r"search\.scale = "):
        sweep(f"search.scale={scale}")


def test_a_scaled_search_keeps_replicates_and_continues_and_merges(tmp_path):
    given = sweep("search.replicates=2", "search.trials=20", "search.scale=0.25")
    small = search(given, out=tmp_path / "small", workers=1)
    assert small.trials.num_rows == 10
    whole = search(sweep("search.replicates=2", "search.trials=5"), out=tmp_path / "whole", workers=1)
    assert computed(small.trials).equals(computed(whole.trials))
    assert tomllib.loads(small.sweep_toml)["search"]["scale"] == 0.25
    for index in (1, 2):
        search(given, out=tmp_path / str(index), workers=1, shard=(index, 2))
    assert_same(small, merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged"))
    search(given, out=tmp_path / "small", workers=2)
    with pytest.raises(SweepgdError, match=r"holds another sweep: search\.scale: 0\.25 before, 1\.0 now"):
        search(sweep("search.replicates=2", "search.trials=20"), out=tmp_path / "small", workers=1)


def test_the_command_writes_to_a_directory_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = ("search", sweep_file(tmp_path), "--workers", "1", "--scale")
    done = call(monkeypatch, capsys, *asked, "0.5")
    assert done.code == 0
    assert "Recorded in results/example-scale-0.5." in done.out
    assert sorted(each.name for each in (tmp_path / "results").iterdir()) == ["example-scale-0.5"]
    call(monkeypatch, capsys, *asked, "0.5", "--shard", "1/2")
    assert (tmp_path / "results" / "example-scale-0.5-shard-1-of-2" / "sweep.toml").is_file()
    refused = call(monkeypatch, capsys, *asked, "2")
    assert refused.code == 2
    assert "search.scale = 2.0: must be at most 1" in refused.err
