"""A results directory that cannot be used gives one line on stderr, before any trial runs."""

from pathlib import Path

import pytest
from linear_sweep import sweep_file
from refusals import FILE_SWEEP, assert_refused, csv, files

from sweepgd.record import load


@pytest.mark.parametrize(
    "out", ["/dev/null/x", "example.toml", "example.toml/x", 300 * "a", 3000 * "a/"], ids=lambda out: out[:20]
)
def test_a_directory_that_cannot_be_written(run, tmp_path, out):
    path = sweep_file(tmp_path)
    before = files()
    assert_refused(run("search", path, "--out", out), 1, f"cannot write {out[:250]}", "choose another ")
    assert_refused(run("train", "--epochs", "1", "--out", out), 1, f"cannot write {out[:250]}", "choose another ")
    assert_refused(run("search", path, "--figures", out), 1, f"cannot write {out[:250]}", "choose another ")
    assert files() == before


def test_a_directory_that_is_a_broken_link(run, tmp_path):
    Path("results").symlink_to("gone")
    path = sweep_file(tmp_path)
    refused = run("search", path)
    assert_refused(refused, 1, "results is a link to gone, which does not exist: create it, or choose another --out")


def test_a_directory_whose_data_file_has_changed(run, tmp_path):
    path = sweep_file(tmp_path, FILE_SWEEP)
    (tmp_path / "data.csv").write_text(csv(60))
    assert run("search", path, "--trials", "1").code == 0
    (tmp_path / "data.csv").write_text(csv(60, x5="100"))
    refused = run("search", path)
    assert_refused(
        refused, 1, "results/example holds another sweep: data.csv has changed since the sweep was run; choose another"
    )


def test_a_directory_that_holds_another_sweep(run, tmp_path):
    path = sweep_file(tmp_path)
    assert run("search", path, "--trials", "1").code == 0
    before = files()
    refused = run("search", path, "--set", "data.noise=0.5", "--set", "search.seed=3")
    assert_refused(
        refused,
        1,
        "results/example holds another sweep: data.noise: 0.01 before, 0.5 now (and 1 more); choose another --out",
        "give --fresh to start again",
    )
    assert files() == before


def test_a_directory_without_results_may_be_used_by_any_sweep(run, tmp_path):
    path = sweep_file(tmp_path)
    assert run("search", path, "--timeout", "0.000001s").code == 0
    assert load("results/example").trials.num_rows == 0
    assert run("search", path, "--set", "search.seed=3", "--trials", "1").code == 0
    assert load("results/example").trials.num_rows == 1


def test_a_directory_with_a_damaged_sweep(run, tmp_path):
    path = sweep_file(tmp_path)
    out = tmp_path / "results" / "example"
    out.mkdir(parents=True)
    (out / "sweep.toml").write_text("name = \n")
    before = files()
    assert_refused(run("search", path), 2, "results/example/sweep.toml is not valid TOML")
    assert files() == before


def test_a_folder_of_studies_names_them(run, tmp_path):
    for name in ("b", "a"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "sweep.toml").write_text("")
    for command in ("analyze", "report"):
        told = "sweepgd: all is not a results directory, but holds 2: all/a, all/b; give one of them\n"
        assert (run(command, "all").err, run(command, "all").code) == (told, 1)
