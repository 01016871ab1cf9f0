"""`sweepgd train`: what it prints of a run, and what it records."""

import json
import re
from pathlib import Path

from sweepgd import load

LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 12, *([0, 1] * 6)])


TRAIN = ("train", "--data", "synthetic_linear", "--model", "linear", "--epochs", "2", "--batch-size", "5")


def test_train_prints_a_line_an_epoch_and_how_it_ended(run):
    trained = run(*TRAIN)
    assert (trained.code, trained.err) == (0, "")
    assert trained.out.splitlines()[:3] == [
        "data: synthetic_linear, regression",
        "  inputs: numbers (2): x1, x2",
        "  rows: 700 train, 150 validation, 150 test",
    ]
    lines = trained.out.splitlines()[3:]
    assert lines[0].split()[:3] == ["epoch", "updates", "rate"]
    assert [line.split()[0] for line in lines[1:4]] == ["0", "1", "2"]
    assert re.match(r"completed: budget spent; \d+ updates in ", lines[4])
    assert "err. %" not in lines[0]
    assert list(Path().iterdir()) == []


def test_the_page_of_data_shows_what_train_prints_of_wine(run):
    shown = run("train", "--data", "wine", "--epochs", "1").out
    page = (Path(__file__).parents[2] / "sweeps" / "DATA.md").read_text(encoding="utf-8")
    assert "\n".join(shown.splitlines()[:4]) in page


def test_a_model_without_data_wants_none(run):
    trained = run("train", "--model", "quadratic", "--epochs", "2")
    assert trained.code == 0
    assert trained.out.splitlines()[0].split()[:2] == ["epoch", "updates"]
    assert "test loss" not in trained.out


def test_a_file_in_the_folder_is_data_without_a_slash(run):
    for name, content in (("i-idx3-ubyte", bytes([0, 0, 8, 2, 0, 0, 0, 12, 0, 0, 0, 1, *range(12)])), ("l.idx", LABELS)):
        Path(name).write_bytes(content)
    asked = ("--set", 'data.target="l.idx"', "--set", 'data.task="classification"', "--batch-size", "4")
    trained = run("train", "--data", "i-idx3-ubyte", "--epochs", "1", *asked)
    assert trained.code == 0, trained.err
    assert (
        "  classes: 2, with training rows: 0 4, 1 4; if the largest class is always predicted, the error is 50.00 %"
        in trained.out
    )
    refused = run("train", "--data", "i-idx3-ubyt", "--epochs", "1", *asked)
    assert refused.code == 2
    assert "unknown dataset 'i-idx3-ubyt'" in refused.err
    assert refused.err.endswith('to use a file, give its path, such as data.path = "./i-idx3-ubyt"\n')


def test_quiet_training_prints_its_last_evaluation_and_how_it_ended(run):
    whole, quiet = (run(*TRAIN, *flags) for flags in ((), ("-q",)))
    assert (quiet.code, quiet.err) == (0, "")
    lines = whole.out.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("    epoch"))
    assert quiet.out.splitlines()[:-1] == [lines[first], lines[first + 3]]
    assert quiet.out.splitlines()[-1].startswith("completed: budget spent; ")


def test_training_breaks_no_line_of_a_narrow_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("train", "--epochs", "1").out.splitlines()[-5:]
    assert max(map(len, lines[:-1])) <= 80
    assert lines[0].split() == ["train", "train", "valid.", "valid.", "test", "test"]
    assert lines[1].split() == ["epoch", "updates", "rate", "loss", *["err.", "%", "loss"] * 2, "err.", "%"]
    assert [len(line.split()) for line in lines[2:4]] == [8, 9]
    monkeypatch.setenv("COLUMNS", "100")
    assert run("train", "--epochs", "1").out.splitlines()[-4].split()[-1] == "|gradient|"


def test_train_as_json_is_the_whole_curve(run):
    trained = json.loads(run(*TRAIN, "--json").out)
    assert (trained["status"], trained["message"]) == ("completed", "budget spent")
    assert trained["data"]["rows"] == {"train": 700, "validation": 150, "test": 150}
    assert trained["data"]["columns"] == {"x1": "numbers", "x2": "numbers"}
    assert [point["epoch"] for point in trained["curve"]] == [0, 1, 2]
    assert trained["curve"][0]["train_error"] is None
    assert trained["curve"][0]["learning_rate"] is None


def test_a_divergence_is_a_result_and_no_failure(run):
    trained = run(*TRAIN, "--learning-rate", "1e9", "--quiet")
    assert trained.code == 0
    assert trained.out.splitlines()[2].startswith("diverged: diverged at update ")


def test_train_records_where_asked(run):
    assert run(*TRAIN, "--out", "one", "--seed", "3", "--set", "model.scale=0.5").code == 0
    assert load("one").trials["seed"].to_pylist() == [3]
    assert run("analyze", "one").code == 0


def test_train_records_where_the_environment_says(run, monkeypatch):
    monkeypatch.setenv("SWEEPGD_OUT", "there")
    assert run(*TRAIN).code == 0
    assert load("there").trials.num_rows == 1


def test_train_takes_another_budget_and_no_data(run):
    surface = ("train", "--data", "none", "--model", "saddle", "--json")
    assert len(json.loads(run(*surface).out)["curve"]) == 1 + 10
    assert json.loads(run(*surface, "--set", "budget.updates=7").out)["curve"][-1]["update"] == 7
