"""`sweepgd report`: the file that it writes."""

import re
from pathlib import Path

import pytest

from sweepgd import load

pytestmark = pytest.mark.usefixtures("without_vega")


def test_report_writes_a_page_beside_the_record_or_where_it_is_told(run, run_search):
    run_search("--quiet")
    shown = run("report", "results/example")
    assert (shown.code, shown.out, shown.err) == (0, "", "wrote results/example/report.html\n")
    page = Path("results/example/report.html").read_text()
    assert "<h1>example</h1>" in page
    assert run("report", "results/example", "-o", "pages/mine.html", "--target", "0.5").err == "wrote pages/mine.html\n"
    assert "<h1>example</h1>" in Path("pages/mine.html").read_text()
    assert run("verify", "results/example").code == 0


def test_a_wrong_directory_or_target_is_an_error_of_one_line(run, run_search):
    shown = run("report", "nowhere")
    assert (shown.code, shown.err) == (1, "sweepgd: nowhere does not exist\n")
    run_search("--quiet")
    shown = run("report", "results/example", "--target", "-1")
    assert (shown.code, shown.err) == (2, "sweepgd: target -1: give a loss or an error above 0\n")
    Path("results/example/sweep.toml").write_text("name = ")
    for command in ("report", "analyze"):
        shown = run(command, "results/example")
        assert shown.code == 1
        assert re.fullmatch(r"sweepgd: sweep\.toml of the results is not valid TOML \(.*\): replace this file .*\n", shown.err)
    assert not Path("results/example/report.html").exists()


def test_a_search_with_watch_leaves_a_page_that_no_longer_reloads(run_search):
    searched = run_search("--trials", "2", "--watch")
    assert searched.code == 0
    assert "wrote results/example/report.html\n" in searched.err
    page = Path("results/example/report.html").read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in page
    assert load("results/example").trials.num_rows == 2
