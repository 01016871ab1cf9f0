"""`sweepgd compare`: its tables, and what it refuses."""

import json
from pathlib import Path

import pytest
from linear_sweep import LINEAR
from page_parts import Page
from refusals import assert_refused
from study_files import written
from study_tables import run as run_of
from study_tables import trials

from sweepgd.sweep import parse, to_toml


@pytest.fixture
def studies(tmp_path):
    """Write three studies of a sweep; the second has another budget and better results, the third another objective too."""
    changes = ([], ["budget.epochs=4"], ["budget.epochs=4", "search.objective='train_loss'"])
    for folder, overrides, gain in zip(("x/one", "x/two", "y/one"), changes, (0.0, 0.1, 0.2), strict=True):
        rows = [
            run_of(trial, 0.5 + trial / 10 + replicate / 20 - gain, replicate, seed=replicate)
            for trial in range(3)
            for replicate in range(3)
        ]
        written(tmp_path / folder, to_toml(parse(LINEAR, overrides)), trials=trials(*rows))


@pytest.mark.usefixtures("studies")
def test_compare_shows_changes_bests_and_differences(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = run("compare", "x/one", "x/two")
    assert (shown.code, shown.err) == (0, "")
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["budget.epochs", "2", "4"] in lines
    assert any(line[:2] == ["two", "3"] and "0.450" in line for line in lines)
    shared = ["-0.100", "(-0.100", "to", "-0.100)", "-0.100", "3", "9", "0", "0"]
    assert ["one", "two", "objective", "0.650", "0.550", *shared] in lines
    assert "best of 3 = expected lowest of 3 random configurations, with a 95 % interval" in " ".join(shown.out.split())


@pytest.mark.usefixtures("studies")
def test_compare_as_json_with_three_studies_of_different_objectives(run):
    tables = json.loads(run("compare", "x/one", "x/two", "y/one", "--json").out)
    assert list(tables) == ["changes", "studies", "paired", "unpaired"]
    assert [(row["key"], row["study"], row["value"]) for row in tables["changes"]] == [
        ("budget.epochs", "x/one", "2"), ("budget.epochs", "x/two", "4"), ("budget.epochs", "y/one", "4"),
        ("search.objective", "x/one", "not given"), ("search.objective", "x/two", "not given"),
        ("search.objective", "y/one", '"train_loss"'),
    ]  # fmt: skip
    assert [row["study"] for row in tables["studies"]] == ["x/one", "x/two", "y/one"]
    assert tables["paired"] == []  # only objectives are recorded
    assert tables["unpaired"] == []


@pytest.mark.usefixtures("studies", "without_vega")
def test_the_page_of_studies_has_their_tables_and_the_trials_of_all(run):
    shown = run("compare", "x/one", "x/two", "-o", "new/page.html", "--json")
    assert (shown.code, shown.err) == (0, "wrote new/page.html\n")
    page = Page(Path("new/page.html").read_text(encoding="utf-8"))
    for words in (
        "Comparison of one and two",
        "numbered one from 0; two from 10.",
        "budget.epochs",
        "best of 3 = expected lowest",
    ):
        assert words in page.text
    columns = {column["name"]: column for column in page.data("trial-data")["columns"]}
    assert sorted(columns["trial"]["values"]) == [0, 1, 2, 10, 11, 12]
    assert (columns["optimizer"]["levels"], columns["study"]["levels"]) == (["sgd"], ["two", "one"])
    assert page.data("trial-data")["axes"][0] == "study"
    assert '"title":"optimizer, study"' in Path("new/page.html").read_text(encoding="utf-8")
    run("compare", "x/one", "y/one", "--out", "page.html", "--json")
    assert "so that this page has no common figures" in Page(Path("page.html").read_text(encoding="utf-8")).text


@pytest.mark.usefixtures("studies")
def test_compare_needs_two_directories(run):
    for given in (["x/two"], ["x/two", "y/../x/two"]):
        assert_refused(run("compare", *given), 2, "give two or more different results directories: sweepgd compare DIR DIR...")
    assert_refused(run("compare", "x/two", "nowhere"), 1, "nowhere does not exist")
