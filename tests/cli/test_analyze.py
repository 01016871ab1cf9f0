"""`sweepgd analyze`: its tables and figures."""

import json
from pathlib import Path


def test_analyze_shows_the_same_tables_for_as_many_of_the_best_as_wanted(run, run_search):
    run_search("--quiet")
    analyzed = run("analyze", "results/example", "--json", "--best", "2")
    assert (analyzed.code, analyzed.err) == (0, "")
    assert len(json.loads(analyzed.out)["best"]) == 2
    told = run("analyze", "results/example").out
    assert "Which batch size?" in told
    assert told.endswith("No curvature is recorded. To measure it: sweepgd measure results/example\n")


def test_analyze_writes_figures_as_png_and_svg_and_names_them_on_stderr(run, run_search):
    run_search("--quiet")
    analyzed = run("analyze", "results/example", "--figures", "figures")
    assert analyzed.code == 0
    written = sorted(Path("figures").iterdir())
    assert {path.suffix for path in written} == {".png", ".svg"}
    told = [line.removeprefix("wrote ") for line in analyzed.err.splitlines() if line.startswith("wrote ")]
    assert sorted(told) == [str(path) for path in written]


def test_analyze_of_a_search_that_recorded_nothing(run, run_search):
    run_search("--timeout", "0.000001s")
    analyzed = run("analyze", "results/example")
    assert analyzed.code == 0
    assert "no configuration has completed yet" in analyzed.out


def test_analyze_shows_the_effect_of_the_batch_size(run, run_search):
    run_search("--quiet")
    tables = json.loads(run("analyze", "results/example", "--json", "--target", "0.5").out)
    names = ["steps_to_target", "critical_sizes", "best_rates", "rate_law", "stable_rates", "update_times", "equal_budgets"]
    assert [name for name in tables if name in names] == names
    assert {row["level"] for row in tables["steps_to_target"]} == {0.5}


def test_analyze_refuses_a_target_that_is_not_positive(run, run_search):
    run_search("--quiet")
    refused = run("analyze", "results/example", "--target", "0")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "sweepgd: target 0: give a loss or an error above 0\n"
