"""The command line: what it prints where, the exit codes, and which folders it writes."""

import json
import os
import pty
import re
import signal
import subprocess
from importlib.metadata import version
from pathlib import Path
from shlex import quote

import pyarrow.parquet as pq
import pytest
from commands import VARIABLES, call, completed, process, running, wait_for_rows
from tiny import LINEAR, sweep, sweep_file

from sweepgd import load
from sweepgd import search as search_again
from sweepgd.study.preparation import prepare
from sweepgd.sweep import bundled, configuration_of

COMMANDS = ("search", "init", "train", "analyze", "list")
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 12, *([0, 1] * 6)])
TRAIN = ("train", "--data", "synthetic_linear", "--model", "linear", "--epochs", "2", "--batch-size", "5")
ESCAPE = "\x1b"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


@pytest.fixture
def tiny(run, tmp_path):
    """Searches the tiny sweep with two workers."""
    path = sweep_file(tmp_path)
    return lambda *arguments: run("search", path, "--workers", "2", *arguments)


# --- search


def test_a_search_tells_its_progress_on_stderr_and_its_findings_on_stdout(tiny):
    searched = tiny()
    assert searched.code == 0
    assert searched.err.splitlines()[-2] == "running 6 trials on 2 workers"
    assert re.fullmatch(r"6/6 trials, \S+ trials/s, best \S+ \(trial \d\)", searched.err.splitlines()[-1])
    for question in ("Which configurations did best?", "Which batch size?", "Which optimizer?"):
        assert question in searched.out
    assert searched.out.endswith("Recorded in results/tiny. Next: sweepgd analyze results/tiny --figures figures\n")
    assert ESCAPE not in searched.out + searched.err
    assert load("results/tiny").trials.num_rows == 6


def test_the_findings_as_json_are_all_of_stdout(tiny):
    searched = tiny("--json")
    tables = json.loads(searched.out)
    assert list(tables) == ["best", "by_batch_size", "by_optimizer", "by_schedule", "endings", "learned_weights"]
    assert {row["batch_size"] for row in tables["by_batch_size"]} <= {5, 10, 20}
    losses = [row["validation_loss"] for row in tables["best"]]
    assert losses == sorted(losses)


def test_quiet_says_nothing_on_stderr_and_verbose_a_line_a_trial(tiny):
    assert tiny("--quiet").err == ""
    lines = tiny("--verbose", "--out", "again").err.splitlines()
    trials = [line for line in lines if line.startswith("trial ")]
    assert sorted(int(line.split()[1].rstrip(":")) for line in trials) == list(range(6))
    assert all(re.search(r": completed, (sgd|momentum), batch (5|10|20), rate \S+: budget spent$", line) for line in trials)


def test_flags_beat_the_sweep_and_are_those_of_set(tiny):
    tiny("--trials", "2", "--seed", "5", "--sampler", "quasi_random", "--out", "flags")
    tiny("--set", "search.trials=2", "--set", "search.seed=5", "--set", "search.sampler='quasi_random'", "--out", "set")
    flags, sets = load("flags"), load("set")
    assert flags.trials["seed"].to_pylist() == [5, 5]
    assert flags.sweep_toml == sets.sweep_toml
    assert flags.trials["config_id"] == sets.trials["config_id"]


def test_a_search_goes_on_where_it_stopped(tiny):
    assert tiny("--trials", "4").code == 0
    more = tiny("--trials", "6")
    assert "4 of 6 trials are recorded already; running the remaining 2" in more.err
    assert load("results/tiny").trials["trial"].to_pylist() == list(range(6))
    again = tiny()
    assert again.code == 0
    assert "6 of 6 trials are recorded already; nothing is left to do" in again.err
    assert again.out == more.out


def test_fresh_moves_the_old_results_aside_and_says_where(tiny):
    tiny("--trials", "2")
    moved = tiny("--trials", "1", "--fresh", "--set", "data.noise=0.5")
    assert "moved results/tiny to results/tiny.before-1" in moved.err
    assert (load("results/tiny").trials.num_rows, load("results/tiny.before-1").trials.num_rows) == (1, 2)


def test_fresh_moves_nothing_for_a_sweep_that_is_wrong(tiny):
    tiny("--trials", "2")
    assert tiny("--fresh", "--set", "space.batch_size=99").code == 2
    assert [path.name for path in Path("results").iterdir()] == ["tiny"]


def test_a_changed_sweep_is_refused_by_the_name_of_what_changed(tiny):
    tiny("--trials", "2")
    refused = tiny("--set", "space.batch_size=5")
    assert refused.code == 1
    assert refused.err == (
        "sweepgd: results/tiny holds another sweep: space.batch_size: [5, 10, 20] before, 5 now;"
        " choose another --out, or --fresh to start again\n"
    )


def test_a_dry_run_shows_what_would_run_and_writes_nothing(tiny):
    shown = tiny("--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(
        "tiny: 6 trials of 1 replicate(s), sampler random, minimising validation_loss\n34 training rows, 3 parameters"
    )
    assert "  learning_rate: 0.001 to 0.3, log  (where optimizer is sgd or momentum)" in shown.out
    assert "  optimizer.momentum.beta: 0.1 to 0.9  (where optimizer is momentum)" in shown.out
    assert shown.out.endswith("The sweep is valid; nothing was run.\n")
    assert [path.name for path in Path().iterdir()] == ["tiny.toml"]


def test_a_dry_run_shows_what_was_left_out_of_a_file(run, tmp_path):
    lines = [f"{row},{row / 8},{row % 5},{'ab'[row % 2]}" for row in range(40)]
    Path("d.csv").write_text("\n".join([",x,age,kind", *lines]) + "\n")
    data = 'data={path="d.csv",target="kind",task="classification"}'
    asked = ("search", sweep_file(tmp_path), "--dry-run", "--set", data, "--set", "model.name='softmax'")
    out = run(*asked).out
    file = Path("d.csv").resolve()
    assert f"\ndata: {file}, classification\n  inputs: numbers (1): x; whole numbers (1): age\n  target: kind\n" in out
    assert f"\n  {file}: the first column, which has no name, is an index of the rows and not used as an input\n" in out
    values = json.loads(run(*asked, "--json").out)["data"]
    assert (values["columns"], values["targets"]) == ({"x": "numbers", "age": "whole numbers"}, ["kind"])
    assert sum(values["classes"].values()) == values["rows"]["train"] == 28
    assert len(values["notes"]) == 1


def test_a_dry_run_says_how_long_a_run_lasts_and_what_is_measured(tiny):
    asked = ("--set", "budget.stop_at=0.01", "--set", "measure={measures=['sam','phi'],rows=9}", "--dry-run")
    shown = tiny(*asked)
    assert "\n  inputs: numbers (2): x1, x2\n  rows: 34 train, 8 validation, 8 test\n" in shown.out
    assert "\na run: epochs 2, stop_at 0.01\nmeasuring sam, phi at the final weights, on at most 9 training rows\n" in shown.out
    values = json.loads(tiny(*asked, "--json").out)
    assert (values["budget"], values["measure"]["measures"]) == ({"epochs": 2, "stop_at": 0.01}, ["sam", "phi"])
    assert "\na run: epochs 2\n\n" in tiny("--dry-run").out


def test_a_search_that_measures_says_what(tiny):
    measuring = ("--set", "measure={measures=['sam','distance']}", "--trials", "3")
    ended = tiny(*measuring)
    assert (ended.code, "sweepgd:" in ended.err) == (0, False)
    assert ended.out.splitlines()[-2:] == [
        "Measured 3 runs: sam, distance.",
        "Recorded in results/tiny. Next: sweepgd analyze results/tiny --figures figures",
    ]


def test_a_search_that_loses_values_says_how_to_take_them(run, tmp_path):
    shaky = str(Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py")
    asked = "measure={measures=['distance','trace'],rows=20}"
    where = ("--out", "out", "--workers", "1", "--trials", "2", "--plugin", shaky, "-q")
    for name in (asked, "model.name='shaky'", "model.peril=3"):
        where += ("--set", name)
    for _ in range(2):  # done already, it says so still
        ended = run("search", sweep_file(tmp_path), *where)
        assert ended.code == 3
        assert ended.err == (
            "sweepgd: 2 values could not be measured; trial 0, trace: not measured: "
            f"model 'shaky' of {shaky}: the worker process ended by signal SIGSEGV; "
            "to measure them: sweepgd measure out --measures distance,trace --rows 20\n"
        )
    assert "Measured 2 runs: distance." in ended.out


def test_a_dry_run_shows_the_very_trials_that_would_run(tiny):
    shown = json.loads(tiny("--dry-run", "--json").out)
    assert (shown["trials"], shown["replicates"], shown["training_rows"], shown["parameters"]) == (6, 1, 34, 3)
    advisor = prepare(sweep()).advisor
    assert shown["first"] == [configuration_of(advisor.ask(number)).to_dict() for number in range(5)]
    tiny()
    recorded = [json.loads(settings)["configuration"] for settings in load("results/tiny").trials["settings"].to_pylist()]
    assert shown["first"] == recorded[:5]


def test_operational_settings_may_come_from_the_environment_and_flags_beat_them(run, monkeypatch, tmp_path):
    path = sweep_file(tmp_path)
    for name, value in {"OUT": "from_environment", "WORKERS": "1", "QUIET": "1"}.items():
        monkeypatch.setenv(f"SWEEPGD_{name}", value)
    assert run("search", path, "--trials", "1").err == ""
    monkeypatch.delenv("SWEEPGD_QUIET")
    assert "running 2 trials on 1 worker\n" in run("search", path, "--trials", "2", "--out", "from_flag").err
    assert "running 2 trials on 2 workers\n" in run("search", path, "--trials", "2", "--out", "both", "--workers", "2").err
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.toml", "from_environment", "from_flag", "both"}
    monkeypatch.setenv("SWEEPGD_WORKERS", "0")
    assert run("search", path).code == 2


def test_a_flag_beats_the_variable_of_the_other(tiny, monkeypatch):
    monkeypatch.setenv("SWEEPGD_QUIET", "1")
    assert "trial 0: completed" in tiny("--trials", "1", "-v", "--out", "loud").err
    monkeypatch.setenv("SWEEPGD_VERBOSE", "1")
    assert tiny("--trials", "1", "--out", "both").err == ""
    monkeypatch.delenv("SWEEPGD_QUIET")
    assert tiny("--trials", "1", "-q", "--out", "silent").err == ""


def test_what_to_call_next_can_be_pasted(run, tiny):
    told = tiny("--trials", "1", "--out", "my results").out
    assert told.endswith("Recorded in my results. Next: sweepgd analyze 'my results' --figures figures\n")
    assert run("init", "quickstart", "my own.toml").out.endswith("Next: sweepgd search 'my own.toml'\n")


def test_no_more_workers_than_trials(tiny):
    assert "running 1 trials on 1 worker\n" in tiny("--trials", "1").err


# --- The other commands


def test_analyze_shows_the_same_tables_for_as_many_of_the_best_as_wanted(run, tiny):
    tiny("--quiet")
    analyzed = run("analyze", "results/tiny", "--json", "--best", "2")
    assert (analyzed.code, analyzed.err) == (0, "")
    assert len(json.loads(analyzed.out)["best"]) == 2
    told = run("analyze", "results/tiny").out
    assert "Which batch size?" in told
    assert told.endswith("No curvature is recorded. To measure it: sweepgd measure results/tiny\n")


def test_analyze_writes_figures_as_png_and_svg_and_names_them_on_stderr(run, tiny):
    tiny("--quiet")
    analyzed = run("analyze", "results/tiny", "--figures", "figures")
    assert analyzed.code == 0
    written = sorted(Path("figures").iterdir())
    assert {path.suffix for path in written} == {".png", ".svg"}
    told = [line.removeprefix("wrote ") for line in analyzed.err.splitlines() if line.startswith("wrote ")]
    assert sorted(told) == [str(path) for path in written]


def test_analyze_of_a_search_that_recorded_nothing(run, tiny):
    tiny("--timeout", "0.000001s")
    analyzed = run("analyze", "results/tiny")
    assert analyzed.code == 0
    assert "no configuration has completed yet" in analyzed.out


@pytest.mark.parametrize(
    ("file", "name"),
    [("mine.toml", "mine"), ("_my own?.toml", "my-own-"), ("é.toml", "quickstart"), ("quickstart.toml", "quickstart")],
)
def test_init_copies_a_bundled_sweep_under_the_name_of_the_file(run, file, name):
    """So that the copy's results do not become part of the original's."""
    copied = run("init", "quickstart", file)
    assert (copied.code, copied.err) == (0, "")
    assert copied.out == f"Wrote {file}. Next: sweepgd search {quote(file)}\n"
    original = bundled()["quickstart"].read_text().splitlines()
    assert Path(file).read_text().splitlines() == [f'name = "{name}"', *original[1:]]
    assert f"{name}: 64 trials" in run("search", file, "--dry-run").out


def test_init_without_a_file_names_it_as_the_sweep(run):
    run("init", "house_prices")
    assert Path("house_prices.toml").is_file()


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
    assert "  classes: 2, with training rows: 0 4, 1 4; always predicting the largest: 50.00 % wrong" in trained.out
    refused = run("train", "--data", "i-idx3-ubyt", "--epochs", "1", *asked)
    assert refused.code == 2
    assert "unknown dataset 'i-idx3-ubyt'" in refused.err
    assert refused.err.endswith('a file is given by its path, such as data.path = "./i-idx3-ubyt"\n')


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


def test_help_lists_commands_in_the_order_of_their_use_with_whole_sentences(run):
    shown = run("--help").out.partition("Commands:\n")[2]
    names = re.findall(r"^  (\w+)", shown, flags=re.MULTILINE)
    assert names == [
        "search", "init", "train", "list", "analyze", "measure", "landscape", "dashboard", "verify", "compact",
        "merge", "plugin",
    ]  # fmt: skip
    assert "..." not in shown
    assert "Run a sweep, or continue it: trials that are recorded already are not run again." in " ".join(shown.split())
    assert "..." not in run("plugin", "--help").out.partition("Commands:")[2]


def test_a_group_of_commands_alone_shows_its_help(run):
    shown = run("plugin")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == run("plugin", "--help").out
    assert "  new    Write an installable package with an optimizer" in shown.out


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


def test_a_diverged_trial_leaves_the_search_a_success(tiny):
    searched = tiny("--trials", "1", "--set", "space.learning_rate=1e9")
    assert searched.code == 0
    assert load("results/tiny").trials["status"].to_pylist() == ["diverged"]


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
    assert all(set(row) == {"name", "distribution", "version", "settings", "about", "error"} for row in rows)
    (row,) = [row for row in rows if row["name"] == name]
    assert (row["distribution"], row["version"]) == ("sweepgd", version("sweepgd"))
    assert row["about"]
    assert row["error"] is None


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


def test_list_shows_where_a_rule_comes_from_and_breaks_no_line_of_settings_at_100_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("list", "optimizers").out.splitlines()
    assert lines[0].split() == ["name", "settings:", "default", "[search", "range]", "paper"]
    (first,) = [number for number, line in enumerate(lines) if line.startswith("adam ")]
    assert "learning_rate: 0.001 [1e-05 … 0.1, log]  Kingma & Ba 2015" in lines[first]
    assert lines[first + 1].startswith(f"  sweepgd {version('sweepgd')}  ")
    assert "epsilon: 1e-08 [1e-10 … 0.001, log]" in "\n".join(lines[first:])
    assert max(map(len, lines)) <= 100


def test_help_and_version(run):
    for arguments in ((), ("--help",)):
        shown = run(*arguments)
        assert (shown.code, shown.err) == (0, "")
        assert all(f"  {command} " in shown.out for command in COMMANDS)
    for command in COMMANDS:
        assert f"Example: sweepgd {command} " in run(command, "--help").out
    assert "--storage" not in run("search", "--help").out
    assert re.fullmatch(r"sweepgd \d+\.\d+\.\d+\n", run("--version").out)


# --- In a process of its own


def test_ctrl_c_keeps_what_finished_and_exits_with_130(tmp_path):
    path = sweep_file(tmp_path, LINEAR.replace("epochs = 2", "epochs = 1000"))
    given = ("search", path, "--out", str(tmp_path / "out"), "--workers", "2")
    with running(*given, "--trials", "40", start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 2, search)
        os.killpg(search.pid, signal.SIGINT)
        out, err = search.communicate()
    assert search.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"sweepgd: interrupted; finished trials are in {tmp_path / 'out'}: run the same command to continue"
    )
    assert out == ""
    rows = load(tmp_path / "out").trials.num_rows
    assert 2 <= rows < 40
    (part,) = (tmp_path / "out" / "trials").glob("*.parquet")
    assert pq.read_metadata(part).num_rows == rows
    assert [path.stem for path in (tmp_path / "out" / "log").glob("*.log")] == [part.stem]  # which it can be made again from
    assert search_again(path, out=tmp_path / "out", overrides=[f"search.trials={rows + 2}"]).trials.num_rows == rows + 2


def test_ctrl_c_while_a_search_prepares_is_one_line(tmp_path):
    """A terminal sends it to every process, also to the one that is getting ready to fork workers."""
    master, slave = pty.openpty()
    endless = LINEAR.replace("epochs = 2", "epochs = 6000").replace("trials = 6", "trials = 10_000")
    command = process("search", sweep_file(tmp_path, endless), "--out", str(tmp_path / "out"))
    with subprocess.Popen(command, stdout=slave, stderr=slave, start_new_session=True) as search:
        os.close(slave)
        said = b""
        while b"preparing" not in said:
            said += os.read(master, 65536)
        os.killpg(search.pid, signal.SIGINT)
        rest = read_all(master)
    assert search.returncode == 130
    assert "sweepgd: interrupted" in rest
    assert "Traceback" not in rest


def test_exit_codes_of_the_process(tmp_path):
    assert completed("list", "sweeps").returncode == 0
    assert completed("analyze", str(tmp_path)).returncode == 1
    assert completed("search", "nowhere").returncode == 2
    assert completed("search", "--workers", "0").returncode == 2


def test_no_color_is_heeded_on_a_terminal(tmp_path):
    """Bold and dim remain: they are no colour."""
    path = sweep_file(tmp_path)
    colours = {}
    for value in ("", "1"):
        master, slave = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "NO_COLOR": value}
        command = process("search", path, "--out", str(tmp_path / f"out{value}"))
        with subprocess.Popen(command, stdout=slave, stderr=slave, env=environment) as search:
            os.close(slave)
            colours[value] = re.findall(r"\x1b\[(?:[0-9]+;)*(?:3[0-9]|9[0-7])[0-9;]*m", read_all(master))
        assert search.returncode == 0
    assert colours[""]
    assert not colours["1"]


def read_all(descriptor: int) -> str:
    """Everything until the other end of a terminal is closed, which Linux tells by an error."""
    read = b""
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        try:
            while block := file.read(65536):
                read += block
        except OSError:
            pass
    return read.decode()


def test_a_reader_that_leaves_is_no_traceback():
    command = process("list", "optimizers", "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == b""
    assert listing.returncode == 1
