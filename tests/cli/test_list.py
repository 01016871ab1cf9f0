"""`sweepgd list`: what is installed, with settings and papers."""

import json
from importlib.metadata import version

import pytest


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("optimizers", "adam"),
        ("schedules", "cosine"),
        ("models", "mlp"),
        ("datasets", "digits"),
        ("sweeps", "quickstart"),
        ("measures", "trace"),
    ],
)
def test_list_shows_what_is_installed(run, kind, name):
    assert name in run("list", kind).out
    rows = json.loads(run("list", kind, "--json").out)
    keys = {"name", "distribution", "version", "settings", "about", "error"} | (
        {"run_time", "requires"} if kind == "sweeps" else set()
    )
    assert all(set(row) == keys for row in rows)
    (row,) = [row for row in rows if row["name"] == name]
    assert (row["distribution"], row["version"]) == ("sweepgd", version("sweepgd"))
    assert row["about"]
    assert row["error"] is None


def test_list_shows_how_long_each_sweep_takes(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("list", "sweeps").out.splitlines()
    assert lines[0].split() == ["name", "run", "time", "about"]
    for row in json.loads(run("list", "sweeps", "--json").out):
        assert row["run_time"].endswith(" on 2 cores")
        (line,) = [line for line in lines if line.split(" ")[0] == row["name"]]
        assert f" {row['run_time']} " in line


def test_list_shows_the_schedules_of_batch_sizes_as_such(run):
    rows = {row["name"]: row for row in json.loads(run("list", "schedules", "--json").out)}
    assert rows["constant"]["about"] == "the base rate throughout (Robbins and Monro 1951, with a fixed gain)"
    assert rows["constant (batch size)"]["about"] == "the same batch size throughout"
    assert [setting["name"] for setting in rows["growth (batch size)"]["settings"]] == ["after", "every", "factor", "limit"]


def test_list_shows_defaults_ranges_and_choices(run):
    shown = run("list", "optimizers").out + run("list", "models").out
    assert "learning_rate: 0.1 [0.001 … " in shown
    assert "beta1: 0.9" in shown
    assert "activation: relu [relu, tanh, sigmoid]" in shown
    (adam,) = [row for row in json.loads(run("list", "optimizers", "--json").out) if row["name"] == "adam"]
    assert adam["settings"][0]["name"] == "learning_rate"
    assert {"name", "default", "low", "high", "log", "choices", "meaning"} == set(adam["settings"][0])


def test_list_shows_the_paper_of_a_rule_and_fits_settings_in_100_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("list", "optimizers").out.splitlines()
    assert lines[0].split() == ["name", "settings:", "default", "[search", "range]", "paper"]
    (first,) = [number for number, line in enumerate(lines) if line.startswith("adam ")]
    assert "learning_rate: 0.001 [1e-05 … 0.1, log]  Kingma & Ba 2015" in lines[first]
    assert lines[first + 1].startswith(f"  sweepgd {version('sweepgd')}  ")
    assert "epsilon: 1e-08 [1e-10 … 0.001, log]" in "\n".join(lines[first:])
    assert max(map(len, lines)) <= 100
