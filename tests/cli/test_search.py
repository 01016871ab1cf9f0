"""`sweepgd search`: progress, tables, flags, environment variables and how it continues."""

import json
import re
from pathlib import Path

from linear_sweep import sweep_file

from sweepgd import load

ESCAPE = "\x1b"


def test_a_search_tells_its_progress_on_stderr_and_its_findings_on_stdout(run_search):
    searched = run_search()
    assert searched.code == 0
    assert searched.err.splitlines()[-2] == "running 6 trials on 2 workers"
    assert re.fullmatch(
        r"6/6 trials, \S+ trials/s, best validation loss \S+ \(trial \d: (sgd|momentum), batch \d+, rate \S+\)",
        searched.err.splitlines()[-1],
    )
    for question in ("Which configurations did best?", "Which batch size?", "Which optimizer?"):
        assert question in searched.out
    assert searched.out.endswith("Recorded in results/example. Next: sweepgd analyze results/example --figures figures\n")
    assert ESCAPE not in searched.out + searched.err
    assert load("results/example").trials.num_rows == 6


def test_the_findings_as_json_are_all_of_stdout(run_search):
    searched = run_search("--json")
    tables = json.loads(searched.out)
    assert list(tables) == ["best", "by_batch_size", "by_optimizer", "by_schedule", "endings", "learned_weights"]
    assert {row["batch_size"] for row in tables["by_batch_size"]} <= {5, 10, 20}
    losses = [row["validation_loss"] for row in tables["best"]]
    assert losses == sorted(losses)


def test_quiet_says_nothing_on_stderr_and_verbose_a_line_a_trial(run_search):
    assert run_search("--quiet").err == ""
    lines = run_search("--verbose", "--out", "again").err.splitlines()
    trials = [line for line in lines if line.startswith("trial ")]
    assert sorted(int(line.split()[1].rstrip(":")) for line in trials) == list(range(6))
    assert all(re.search(r": completed, (sgd|momentum), batch (5|10|20), rate \S+: budget spent$", line) for line in trials)


def test_flags_beat_the_sweep_and_are_those_of_set(run_search):
    run_search("--trials", "2", "--seed", "5", "--sampler", "quasi_random", "--out", "flags")
    run_search("--set", "search.trials=2", "--set", "search.seed=5", "--set", "search.sampler='quasi_random'", "--out", "set")
    flags, sets = load("flags"), load("set")
    assert flags.trials["seed"].to_pylist() == [5, 5]
    assert flags.sweep_toml == sets.sweep_toml
    assert flags.trials["config_id"] == sets.trials["config_id"]


def test_a_search_goes_on_where_it_stopped(run_search):
    assert run_search("--trials", "4").code == 0
    more = run_search("--trials", "6")
    assert "4 of 6 trials are recorded already; running the remaining 2" in more.err
    assert load("results/example").trials["trial"].to_pylist() == list(range(6))
    again = run_search()
    assert again.code == 0
    assert "6 of 6 trials are recorded already; nothing is left to do" in again.err
    assert again.out == more.out


def test_fresh_moves_the_old_results_aside_and_says_where(run_search):
    run_search("--trials", "2")
    moved = run_search("--trials", "1", "--fresh", "--set", "data.noise=0.5")
    assert "moved results/example to results/example.before-1" in moved.err
    assert (load("results/example").trials.num_rows, load("results/example.before-1").trials.num_rows) == (1, 2)


def test_fresh_moves_nothing_for_a_sweep_that_is_wrong(run_search):
    run_search("--trials", "2")
    assert run_search("--fresh", "--set", "space.batch_size=99").code == 2
    assert [path.name for path in Path("results").iterdir()] == ["example"]


def test_a_changed_sweep_is_refused_by_the_name_of_what_changed(run_search):
    run_search("--trials", "2")
    refused = run_search("--set", "space.batch_size=5")
    assert refused.code == 1
    assert refused.err == (
        "sweepgd: results/example holds another sweep: space.batch_size: [5, 10, 20] before, 5 now;"
        " choose another --out, or give --fresh to start again (in Python out=… and fresh=True)\n"
    )


def test_a_search_that_measures_says_what(run_search):
    measuring = ("--set", "measure={measures=['sam','distance']}", "--trials", "3")
    ended = run_search(*measuring)
    assert (ended.code, "sweepgd:" in ended.err) == (0, False)
    assert ended.out.splitlines()[-2:] == [
        "Measured 3 runs: sam, distance.",
        "Recorded in results/example. Next: sweepgd analyze results/example --figures figures",
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


def test_operational_settings_may_come_from_the_environment_and_flags_beat_them(run, monkeypatch, tmp_path):
    path = sweep_file(tmp_path)
    for name, value in {"OUT": "from_environment", "WORKERS": "1", "QUIET": "1"}.items():
        monkeypatch.setenv(f"SWEEPGD_{name}", value)
    assert run("search", path, "--trials", "1").err == ""
    monkeypatch.delenv("SWEEPGD_QUIET")
    assert "running 2 trials on 1 worker\n" in run("search", path, "--trials", "2", "--out", "from_flag").err
    assert "running 2 trials on 2 workers\n" in run("search", path, "--trials", "2", "--out", "both", "--workers", "2").err
    assert {path.name for path in tmp_path.iterdir()} == {"example.toml", "from_environment", "from_flag", "both"}
    monkeypatch.setenv("SWEEPGD_WORKERS", "0")
    assert run("search", path).code == 2


def test_a_flag_beats_the_variable_of_the_other(run_search, monkeypatch):
    monkeypatch.setenv("SWEEPGD_QUIET", "1")
    assert "trial 0: completed" in run_search("--trials", "1", "-v", "--out", "loud").err
    monkeypatch.setenv("SWEEPGD_VERBOSE", "1")
    assert run_search("--trials", "1", "--out", "both").err == ""
    monkeypatch.delenv("SWEEPGD_QUIET")
    assert run_search("--trials", "1", "-q", "--out", "silent").err == ""


def test_what_to_call_next_can_be_pasted(run, run_search):
    told = run_search("--trials", "1", "--out", "my results").out
    assert told.endswith("Recorded in my results. Next: sweepgd analyze 'my results' --figures figures\n")
    assert run("init", "quickstart", "my own.toml").out.endswith("Next: sweepgd search 'my own.toml'\n")


def test_no_more_workers_than_trials(run_search):
    assert "running 1 trials on 1 worker\n" in run_search("--trials", "1").err


def test_a_diverged_trial_leaves_the_search_a_success(run_search):
    searched = run_search("--trials", "1", "--set", "space.learning_rate=1e9")
    assert searched.code == 0
    assert load("results/example").trials["status"].to_pylist() == ["diverged"]
