"""`sweepgd measure`: what it prints where, its exit codes, and that the same command continues."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from commands import running
from linear_sweep import sweep, sweep_file

from sweepgd import load, search
from sweepgd.curvature.catalogue import MEASURES
from sweepgd.execution import clusters

SHAKY = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"
NAMES = ("--measures", "lambda_max,phi", "--measures", "distance", "--workers", "1")


@pytest.fixture
def out(tmp_path):
    """The results of a small search."""
    search(sweep("search.trials=3"), out=tmp_path / "out", workers=1)
    return "out"


def test_a_table_on_stdout_and_progress_on_stderr(run, out):
    first = run("measure", out, *NAMES)
    assert first.code == 0
    assert "taking 9 measures on 1 worker\n" in first.err
    assert re.fullmatch(r"9/9 measures, \S+ measures/s", first.err.splitlines()[-1])
    lines = [line.split() for line in first.out.splitlines()]
    assert lines[0] == ["How", "sharp", "are", "the", "minimisers?"]
    rows = {line[0]: line[1:] for line in lines if line and line[0] in load(out).curvature["measure"].to_pylist()}
    assert list(rows) == ["lambda_max", "phi_0.0005", "phi_0.001", "phi_subspace_0.0005", "phi_subspace_0.001", "distance"]
    assert all(cells[:2] == ["final", "3"] for cells in rows.values())
    assert first.out.endswith("Recorded in out/curvature. Next: sweepgd analyze out\n")
    again = run("measure", out, *NAMES)
    assert again.out == first.out
    assert again.err == "9 of 9 measures are recorded already; nothing is left to do\n"


def test_a_cluster_that_does_not_answer_is_the_only_line(run, out, monkeypatch):
    """It has taken no measure there."""
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.5)
    ended = run("measure", out, "--measures", "distance", "--on", "tcp://127.0.0.1:1")
    why = "nothing listens there (Connection refused): is the scheduler running?"
    assert ended == (1, "", f"sweepgd: --on tcp://127.0.0.1:1: {why}\n")


def test_json_has_the_medians_of_each_measure_and_quiet_nothing_else(run, out):
    found = run("measure", out, *NAMES, "--json", "-q", "--trials", "0,1-2", "--which", "best", "--rescale", "2")
    assert (found.code, found.err) == (0, "")
    rows = json.loads(found.out)
    assert len(rows) == 12
    values = sorted(row["value"] for row in load(out).curvature.to_pylist() if row["measure"] == "distance" and row["value"])
    distance, rescaled = (row for row in rows if row["measure"] == "distance")
    assert (distance["which"], distance["rescaling"], distance["minimisers"], distance["without"]) == ("best", 1.0, 3, 0)
    assert distance["value"] == values[1]
    assert (rescaled["rescaling"], rescaled["minimisers"], rescaled["without"], rescaled["value"]) == (2.0, 0, 3, None)
    assert rescaled["message"] == "the model has no rescaling that leaves its outputs unchanged"


def test_a_range_may_be_longer_than_the_sweep(run, out):
    asked = ("measure", out, "--measures", "distance", "--workers", "1", "--timeout", "1m", "--json", "-q")
    assert json.loads(run(*asked, "--trials", "1-9999999999").out)[0]["minimisers"] == 2


def test_a_value_that_cannot_be_had_is_told_and_no_failure(run, out):
    found = run("measure", out, "--measures", "distance", "--rescale", "2", "--workers", "1")
    assert found.code == 0
    assert "distance, 3 without a value: the model has no rescaling that leaves its outputs unchanged" in " ".join(
        found.out.split()
    )


def test_a_failure_is_exit_3_and_the_same_command_tries_again(run, tmp_path):
    search(sweep("model.name='shaky'", "model.peril=1", "search.trials=2"), out=tmp_path / "out", workers=1, plugins=[SHAKY])
    for _ in range(2):
        found = run("measure", "out", *NAMES, "--plugin", str(SHAKY))
        assert found.code == 3
        assert re.search(r"^\d/6 measures, \S+ measures/s, 4 failed$", found.err, re.MULTILINE)
        assert found.err.splitlines()[-1] == (
            "sweepgd: 10 values could not be measured; trial 0, lambda_max: not measured: "
            f"model 'shaky' of {SHAKY}: ValueError: the product gives up; run the same command to try again"
        )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--trials", "1,5-"), "--trials '1,5-': '5-' is neither a number nor a range: write it as 1,5-9"),
        (("--trials", "3-1"), "'3-1' is neither a number nor a range"),
        (("--trials", "5-9999999999"), "out holds no trials 5 to 9999999999: it has trials 0 to 2"),
        (
            ("--measures", "lambda_max", "trace", "sam"),
            "'trace' is an unexpected argument: separate names by commas, as in --measures lambda_max,trace,sam",
        ),
        (("--timeout", "soon"), "--timeout 'soon': give a duration above 0, such as 90s, 5m or 3h"),
        (("--rescale", "inf"), "rescale inf: give a finite number"),
        (("--trials", "9"), "out holds no trial 9: it has trials 0 to 2"),
        (("--measures", "sharpness"), "unknown measure 'sharpness': known: asam, "),
        (("--rows", "few"), "measure.rows: give a whole number of at least 1, or \"full\", not 'few'"),
        (("--rows", "5", "--set", "measure.rows=6"), "rows and measure.rows contradict each other"),
        (("--set", "search.trials=9"), "--set search.trials: only keys of [measure] can be set here"),
        (("--workers", "0"), "'--workers'"),
    ],
)
def test_a_wrong_argument_is_a_line_and_exit_2(run, out, arguments, says):
    ended = run("measure", out, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_a_folder_without_results_is_a_line_and_exit_1(run, tmp_path):
    ended = run("measure", str(tmp_path))
    assert (ended.code, ended.err) == (
        1,
        f"sweepgd: {tmp_path} is not a results directory: it must contain sweep.toml and a folder trials\n",
    )


def test_ctrl_c_keeps_what_was_measured_and_the_same_command_goes_on(run, tmp_path):
    path = sweep_file(tmp_path)
    assert run("search", path, "--out", "out", "--workers", "2", "-q").code == 0
    slow = ("measure", "out", "--measures", "trace,distance", "--workers", "2", "--set", "measure.settings.trace.tolerance=0.0")
    slow += ("--set", "measure.settings.trace.draws=300")
    with running(*slow, cwd=tmp_path, start_new_session=True) as measuring:
        while not load("out").curvature.num_rows:
            assert measuring.poll() is None
        os.killpg(measuring.pid, signal.SIGINT)
        out, err = measuring.communicate()
    assert (measuring.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "sweepgd: interrupted; finished measures are in out: run the same command to continue"
    kept = load("out").curvature.num_rows
    assert 0 < kept < 12
    ended = run(*slow)
    assert f"{kept} of 12 measures are recorded already; taking the remaining {12 - kept}" in ended.err
    runs = load("out").curvature.select(["trial", "measure"]).to_pylist()
    assert sorted((row["trial"], row["measure"]) for row in runs) == [(t, m) for t in range(6) for m in ("distance", "trace")]


def test_all_measures_are_named_by_the_reference():
    text = (Path(__file__).parents[2] / "sweeps" / "REFERENCE.md").read_text(encoding="utf-8")
    assert "## `[measure]`" in text
    assert all(name in text for name in MEASURES)
