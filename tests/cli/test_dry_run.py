"""`sweepgd search --dry-run`: what it shows of a sweep without running it."""

import json
import re
from pathlib import Path

from linear_sweep import sweep, sweep_file

from sweepgd import load
from sweepgd.study.preparation import prepare
from sweepgd.sweep import configuration_of


def test_a_dry_run_shows_what_would_run_and_writes_nothing(run_search):
    shown = run_search("--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(
        "example: 6 trials of 1 replicate(s), sampler random, minimising validation_loss\n34 training rows, 3 parameters"
    )
    assert "  learning_rate: 0.001 to 0.3, log  (where optimizer is sgd or momentum)" in shown.out
    assert "  optimizer.momentum.beta: 0.1 to 0.9  (where optimizer is momentum)" in shown.out
    assert shown.out.endswith("The sweep is valid; nothing was run.\n")
    assert [path.name for path in Path().iterdir()] == ["example.toml"]


def test_a_dry_run_shows_what_was_left_out_of_a_file(run, tmp_path):
    lines = [f"{row},{row / 8},{row % 5},{'ab'[row % 2]}" for row in range(40)]
    Path("d.csv").write_text("\n".join([",x,age,kind", *lines]) + "\n")
    data = 'data={path="d.csv",target="kind",task="classification"}'
    asked = ("search", sweep_file(tmp_path), "--dry-run", "--set", data, "--set", "model.name='softmax'")
    out = run(*asked).out
    file = Path("d.csv").resolve()
    assert f"\ndata: {file}, classification\n  inputs: numbers (1): x; whole numbers (1): age\n  target: kind\n" in out
    assert f"\n  {file}: the first column, which has no name, is an index of the rows and is not used as an input\n" in out
    values = json.loads(run(*asked, "--json").out)["data"]
    assert (values["columns"], values["targets"]) == ({"x": "numbers", "age": "whole numbers"}, ["kind"])
    assert sum(values["classes"].values()) == values["rows"]["train"] == 28
    assert len(values["notes"]) == 1
    Path("d.csv").write_text("\n".join(["x,size,y", *(f"{row if row % 9 else ''},{'ab'[row % 2]},{row}" for row in range(40))]))
    data = 'data={path="d.csv",target="y",task="regression",categories="all",missing="most_frequent"}'
    out = run("search", sweep_file(tmp_path), "--dry-run", "--set", data).out
    assert re.search(r"\n  levels of size: a, b\n  missing values filled with: x \d+\n  target: y\n", out)


def test_a_dry_run_says_how_long_a_run_lasts_and_what_is_measured(run_search):
    asked = ("--set", "budget.stop_at=0.01", "--set", "measure={measures=['sam','phi'],rows=9}", "--dry-run")
    shown = run_search(*asked)
    assert "\n  inputs: numbers (2): x1, x2\n  rows: 34 train, 8 validation, 8 test\n" in shown.out
    assert "\na run: epochs 2, stop_at 0.01\nmeasuring sam, phi at the final weights, on at most 9 training rows\n" in shown.out
    values = json.loads(run_search(*asked, "--json").out)
    assert (values["budget"], values["measure"]["measures"]) == ({"epochs": 2, "stop_at": 0.01}, ["sam", "phi"])
    assert "\na run: epochs 2\n\n" in run_search("--dry-run").out


def test_a_dry_run_shows_the_very_trials_that_would_run(run_search):
    shown = json.loads(run_search("--dry-run", "--json").out)
    assert (shown["trials"], shown["replicates"], shown["training_rows"], shown["parameters"]) == (6, 1, 34, 3)
    advisor = prepare(sweep()).advisor
    assert shown["first"] == [configuration_of(advisor.ask(number)).to_dict() for number in range(5)]
    run_search()
    recorded = [json.loads(settings)["configuration"] for settings in load("results/example").trials["settings"].to_pylist()]
    assert shown["first"] == recorded[:5]


def test_a_dry_run_shows_the_first_and_the_last_of_many_values(run_search):
    many = ("--set", f"space.batch_size={list(range(1, 31))}", "--dry-run")
    assert "batch_size: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, … 30 (30 values)\n" in run_search(*many).out


def test_a_dry_run_shows_the_settings_of_model_and_data_that_differ(run_search):
    varied = ("model={name='mlp'}", "space.model.hidden=[[2],[3]]", "space.data.subset=[30,50]", "budget.evaluate='end'")
    shown = run_search("--dry-run", *(word for override in varied for word in ("--set", override))).out
    assert "\n20 to 34 training rows, 9 to 13 parameters\n" in shown
    assert "\na run: epochs 2, evaluate end\n" in shown
    assert "\n  model.hidden: [2], [3]\n  data.subset: 30, 50\n" in shown
    first = next(line for line in shown.splitlines() if line.startswith("  0: "))
    assert first.endswith(("data.subset = 30", "data.subset = 50"))
    assert ", schedule constant, model.hidden = [" in first


def test_a_dry_run_shows_the_layers_of_a_network(run):
    asked = ("train", "--model", "cnn", "--set", 'model.layers=["conv 4 3x3","relu","residual 4","dropout 0.5"]', "--dry-run")
    lines = run(*asked).out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("layer "))
    assert [" ".join(line.split()) for line in lines[first:]] == [
        "layer output parameters multiply-adds of a row",
        "1 conv 4 3x3, relu 6 × 6 × 4 40 1,296",  # 36 pixels · 9 weights · 4 filters
        "2 conv 4 3x3 same 6 × 6 × 4 148 5,184",
        "3 batch norm, relu 6 × 6 × 4 8 0",
        "4 conv 4 3x3 same 6 × 6 × 4 148 5,184",
        "5 batch norm 6 × 6 × 4 8 0",
        "6 sum, relu of 5 and 1 6 × 6 × 4 0 0",
        "7 dropout 0.5 6 × 6 × 4 0 0",
        "8 dense 10 10 1,450 1,440",
        "all 1,802 13,104",
        "",
        "The run is valid; nothing was run.",
    ]
    values = json.loads(run(*asked, "--json").out)
    assert (values["parameters"], values["layers"][0]["output"]) == (1802, [6, 6, 4])
    assert not Path("results").exists()


def test_a_dry_run_shows_the_layers_of_the_first_network(run, tmp_path):
    network = ("--set", "data={name='digits'}", "--set", "model.name='cnn'")
    varied = ("--set", 'space.model={layers=[["dense 5","tanh"],["conv 2 3x3"]]}')
    shown = run("search", sweep_file(tmp_path), *network, *varied, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert '\nlayers where model.layers = ["dense 5", "tanh"]:\n  layer             output' in shown.out
    assert "\n   1 dense 5, tanh  5              325                     320\n" in shown.out
