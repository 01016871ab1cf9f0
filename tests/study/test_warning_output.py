"""Warnings about a sweep are printed by a dry run, a search and `train`."""

import json

from linear_sweep import sweep_file

WARNING = "warning: the warm-up is longer than the run: it takes "


def test_a_dry_run_and_the_end_of_a_search_print_warnings(run, tmp_path):
    spec = (sweep_file(tmp_path), "--set", "space.warmup=6", "--set", "space.batch_size=5", "--trials", "1", "--workers", "1")
    dry = run("search", *spec, "--dry-run")
    assert dry.err.splitlines() == [f"{WARNING}42 updates, and the rate at the last of 14 updates is 0.333 times the base rate"]
    values = json.loads(run("search", *spec, "--dry-run", "--json").out)
    assert values["warnings"] == [dry.err.splitlines()[0].removeprefix("warning: ")]
    for _ in range(2):  # the second search has nothing left to run
        assert run("search", *spec).err.splitlines()[-1] == dry.err.splitlines()[0]
    assert run("search", *spec, "-q").err == ""


def test_train_prints_warnings_first(run):
    err = run("train", "--data", "synthetic_linear", "--model", "linear", "--epochs", "2", "--set", "space.warmup=3").err
    assert err.startswith(f"{WARNING}66 updates, and the rate at the last of 44 updates is 0.667")
