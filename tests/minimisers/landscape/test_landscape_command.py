import json

import pytest
from commands import VARIABLES, call

from sweepgd.minimisers.landscape import load

SUFFIXES = (".parquet", ".png", ".svg", ".html")


@pytest.fixture
def run(monkeypatch, capsys):
    """`sweepgd landscape ARGUMENTS`."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: call(monkeypatch, capsys, "landscape", *map(str, arguments))


@pytest.fixture
def folder(moons):
    return moons.directory


def test_a_line_and_its_planes_are_numbers_and_pictures(run, folder):
    made = run(folder, "--line", "0", "1.1", "--resolution", "7")
    assert made.code == 0
    lines = made.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["line 0.0 to 1.1", "surface 0.0", "surface 1.1"]
    assert "of the variance of the optimizer's path" in lines[1]
    assert made.err.startswith("line 0.0 to 1.1: 61 points\nwrote ")
    files = list((folder / "landscapes").iterdir())
    for stem in ("line-0.0-1.1-", "surface-0.0-", "surface-1.1-"):
        assert sorted(file.suffix for file in files if file.name.startswith(stem)) == sorted(SUFFIXES)
    assert {"line", "surface", "path"} <= set(load(folder)["kind"].to_pylist())

    again = run(folder, "--line", "0", "1.1", "--resolution", "7")
    assert again.out == made.out
    assert again.err.count("exists already and is not computed again") == 3


def test_pictures_go_where_they_are_wanted_and_json_is_all_of_stdout(run, folder, tmp_path):
    made = run(folder, "--surface", "1", "--directions", "random", "--resolution", "5", "--rows", "20", "--out",
               tmp_path / "pictures", "--json", "-q")  # fmt: skip
    assert (made.code, made.err) == (0, "")
    (told,) = json.loads(made.out)
    assert (told["kind"], told["runs"], told["directions"], told["rows"]) == (
        "surface", ["1.0"], "random", {"train": 20, "test": 18}
    )  # fmt: skip
    assert told["points_beyond_range"] == 0
    assert 0.0 < told["train_loss"]["min"] < told["train_loss"]["max"]
    assert sorted(str(path) for path in (tmp_path / "pictures").iterdir()) == sorted(told["pictures"])
    page = (tmp_path / "pictures").joinpath(told["pictures"][2]).read_text()
    assert "<script src=" not in page  # it is opened where there is no network


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--line", "0", "x"), 2, "'x' is not the name of a run: write TRIAL or TRIAL.REPLICATE, such as 7 or 7.1"),
        (("--line", "0", "9"), 2, "holds no run 9.0: it has trials 0 to 1 with 2 replicate(s), counted from 0"),
        (("--line", "0", "0.0"), 2, "a line needs two different runs, but both ends are 0.0: name a second run"),
        (("--directions", "both"), 2, "directions 'both': give path or random"),
        (("--rows", "0"), 2, 'rows 0: give a whole number of at least 1, or "full"'),
        (("--extent", "nan"), 2, "extent nan: give more than 0 and at most 1e+100"),
        (("--resolution", "2"), 2, "resolution 2: give from 5 to 1000"),
        (("--resolution", "1000000"), 2, "resolution 1000000: give from 5 to 1000"),
        (("--line", "0", "1", "--line", "0", "1.1"), 2, "--line is given twice: draw one line at a time"),
        (("--plugin", "absent.py"), 2, "no plugin file"),
    ],
)
def test_what_cannot_be_is_one_line(run, folder, arguments, code, message):
    refused = run(folder, *arguments)
    assert (refused.code, refused.out) == (code, "")
    assert refused.err.startswith("sweepgd: ")
    assert message in refused.err
    assert refused.err.count("\n") == 1


def test_a_folder_that_is_none_is_one_line(run, tmp_path):
    refused = run(tmp_path)
    assert refused.code == 1
    assert refused.err == f"sweepgd: {tmp_path} is not a results directory: it must contain sweep.toml and a folder trials\n"


def test_a_plane_without_a_picture_is_one_line(run, searched, quadratic):
    landscape = searched(quadratic.results.sweep_toml, "model.curvatures=[1.0, 1e300, 1.0]", "space.learning_rate=[1e-301]")
    refused = run(landscape.directory, "--surface", "0", "--directions", "random", "--extent", "1e90", "--resolution", "6")
    assert refused.code == 1
    assert refused.err.endswith("sweepgd: the loss on the whole plane is beyond the floating-point range\n")
