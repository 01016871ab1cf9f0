"""`sweepgd analyze`: its tables and figures."""

import json
from pathlib import Path

from linear_sweep import LINEAR

from sweepgd.report.charts import CHARTS


def test_analyze_shows_the_same_tables_for_as_many_of_the_best_as_wanted(run, run_search):
    run_search("--quiet")
    analyzed = run("analyze", "results/example", "--json", "--best", "2")
    assert (analyzed.code, analyzed.err) == (0, "")
    assert len(json.loads(analyzed.out)["best"]) == 2
    told = run("analyze", "results/example", "all").out
    assert "Which batch size?" in told
    assert told.endswith("No curvature is recorded. To measure curvature: sweepgd measure results/example\n")


def test_analyze_shows_one_screen_and_names_its_parts(run, run_search):
    run_search("--quiet")
    shown = run("analyze", "results/example")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 80
    assert "Next      sweepgd report results/example (a page with all figures)" in lines


def test_each_part_has_its_tables_and_all_has_those_of_every_part(run, run_search):
    run_search("--quiet")
    names = {
        part: list(json.loads(run("analyze", "results/example", part, "--json").out))
        for part in ("claims", "best", "batch", "optimizer", "schedule", "sharpness", "importance", "all")
    }
    assert (names["optimizer"], names["schedule"], names["sharpness"]) == (["by_optimizer"], ["by_schedule"], [])
    assert names["best"][0] == "best"
    assert names["batch"][0] == "by_batch_size"
    assert names["all"] == [name for part, found in names.items() if part != "all" for name in found]
    assert run("analyze", "results/example", "optimizer").out.startswith("Which optimizer?")
    assert run("analyze", "results/example", "claims").out.strip().startswith("The sweep makes no claims.")
    assert run("analyze", "results/example", "importance").out.strip().startswith("Importance needs 20 configurations")


def test_an_option_of_a_part_is_refused_without_it(run, run_search):
    run_search("--quiet")
    for part, option, value in (("best", "--best", "3"), ("batch", "--target", "0.5")):
        refused = run("analyze", "results/example", option, value)
        line = f"sweepgd: {option} is for the part {part}: sweepgd analyze results/example {part} {option} {value}\n"
        assert (refused.code, refused.out, refused.err) == (2, "", line)
        assert run("analyze", "results/example", part, option, value).code == 0


def test_analyze_writes_figures_as_png_and_svg_and_names_them_on_stderr(run, run_search):
    run_search("--quiet")
    analyzed = run("analyze", "results/example", "--figures", "figures")
    assert analyzed.code == 0
    written = sorted(Path("figures").iterdir())
    assert {path.suffix for path in written} == {".png", ".svg"}
    told = [line.removeprefix("wrote ") for line in analyzed.err.splitlines() if line.startswith("wrote ")]
    assert sorted(told) == [str(path) for path in written]
    assert "Picture   " in analyzed.out
    assert "drawn by" not in analyzed.out
    assert "steps_by_batch_size (give a goal in [budget], or --target)" in analyzed.err


def test_analyze_draws_the_loss_curves_by_what_varies(run, run_search, monkeypatch):
    run_search("--quiet")
    monkeypatch.setattr("sweepgd.report.study_figures.CHARTS", {"loss_curves": CHARTS["loss_curves"]})
    pictures = []
    for options in ((), ("--by", "trial"), ("--by", "trial", "--x", "update")):
        assert run("analyze", "results/example", "--figures", "figures", *options).code == 0
        pictures.append(Path("figures/loss_curves.svg").read_text())
    assert ["loss by trial" in text for text in pictures] == [False, True, True]
    assert [">updates<" in text for text in pictures] == [False, False, True]
    refused = run("analyze", "results/example", "--figures", "figures", "--by", "colour")
    assert refused.code == 2
    assert "learning_rate" in refused.err


def test_options_of_a_figure_without_figures_are_refused(run, run_search):
    run_search("--quiet")
    for options, line in {("--by", "trial"): "--by", ("--x", "update"): "--x"}.items():
        refused = run("analyze", "results/example", *options)
        assert (refused.code, refused.err) == (2, f"sweepgd: {line} is for figures: add --figures DIR\n")


def test_analyze_of_a_search_that_recorded_nothing(run, run_search):
    run_search("--timeout", "0.000001s")
    analyzed = run("analyze", "results/example")
    assert analyzed.code == 0
    assert "No run is recorded yet." in analyzed.out
    assert "no configuration has completed yet" in run("analyze", "results/example", "all").out


CLAIMS = """
[[claims]]
says = "The losses are large."
statistic = "mean"
of = "train_loss"
value = 1e6

[[claims]]
says = "The losses are finite."
statistic = "mean"
of = "train_loss"
relation = "<"
value = 1e6
"""


def test_analyze_answers_claims_and_strict_exits_with_4_if_one_is_not_held(run, run_search):
    run_search("--quiet", "--set", "search.replicates=4")
    Path("claims.toml").write_text(LINEAR + CLAIMS)
    assert "Claims    not held      The losses are large." in run("analyze", "results/example", "--claims", "claims.toml").out
    shown = run("analyze", "results/example", "claims", "--claims", "claims.toml")
    assert "Which claims of the sweep are held?" in shown.out
    assert "  not held: The losses are large.\n" in shown.out
    assert "  held: The losses are finite.\n" in shown.out
    assert "answers are adjusted for 2 claims (Holm)" in " ".join(shown.out.split())
    assert shown.code == 0
    Path("alone.toml").write_text(CLAIMS)
    strict = run("analyze", "results/example", "--claims", "alone.toml", "--strict", "--json")
    assert strict.code == 4
    assert [row["answer"] for row in json.loads(strict.out)["claims"]] == ["not held", "held"]
    assert run("analyze", "results/example", "--strict").code == 0
    Path("alone.toml").write_text(CLAIMS.replace("value", "valeu"))
    wrong = run("analyze", "results/example", "--claims", "alone.toml")
    assert (wrong.code, wrong.err) == (2, "sweepgd: alone.toml: unknown key claims[0].valeu: did you mean 'value'?\n")


def test_claims_can_be_changed_after_a_search(run, run_search):
    run_search("--quiet")
    changed = '[{says = "s", statistic = "mean", of = "train_loss"}]'
    assert run_search("--quiet", "--set", f"claims={changed}").code == 0
    assert len(json.loads(run("analyze", "results/example", "--json").out)["claims"]) == 1


def test_analyze_shows_the_effect_of_the_batch_size(run, run_search):
    run_search("--quiet")
    tables = json.loads(run("analyze", "results/example", "--json", "--target", "0.5").out)
    names = ["steps_to_target", "critical_sizes", "best_rates", "rate_law", "stable_rates", "update_times", "equal_budgets"]
    assert [name for name in tables if name in names] == names
    assert {row["level"] for row in tables["steps_to_target"]} == {0.5}


def test_analyze_refuses_a_target_that_is_not_positive(run, run_search):
    run_search("--quiet")
    refused = run("analyze", "results/example", "batch", "--target", "0")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "sweepgd: target 0: give a loss or an error above 0\n"
