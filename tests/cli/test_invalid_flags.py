"""Invalid flags and commands give one line on stderr, before any trial runs, and write nothing."""

import pytest
from linear_sweep import sweep_file
from refusals import assert_refused, files

FLAGS = {
    "--workers 0": "Invalid value for '--workers'",
    "--workers many": "Invalid value for '--workers'",
    "--trials 0": "Invalid value for '--trials'",
    "--seed -1": "Invalid value for '--seed'",
    "--seed 4294967296": "Invalid value for '--seed'",
    "--trial-timeout banana": "--trial-timeout 'banana': give a duration above 0, such as 90s, 5m or 3h",
    "--timeout 0s": "--timeout '0s': give a duration above 0",
    "--sampler tp": "unknown sampler 'tp': did you mean 'tpe'?",
    "--quiet --verbose": "--quiet and --verbose contradict each other: give one of them",
    "--dry-run --fresh": "--dry-run and --fresh contradict each other: give one of them",
    "--dry-run --watch": "--dry-run and --watch contradict each other: give one of them",
    "--trials 3 --set search.trials=4": "--trials and --set search.trials contradict each other: give one of them",
    "--set search.trials": "write it as dotted.key=value",
    "--set space.optimizer=adam": "'adam' is not a TOML value; put text in quotes",
    "--storage postgresql://user@host/database": "--storage was removed: give --on tcp://SCHEDULER:8786 (or dask, slurm, …)",
    "--wrokers 2": "No such option: --wrokers",
    "--out": "requires an argument",
    "another.toml": "Got unexpected extra argument",
}


@pytest.mark.parametrize("flags", FLAGS)
def test_invalid_flags(run, tmp_path, flags):
    path = sweep_file(tmp_path)
    before = files()
    assert_refused(run("search", path, *flags.split(" ")), 2, FLAGS[flags])
    assert files() == before


COMMANDS = {
    "serch": (2, "No such command 'serch'"),
    "--nope": (2, "No such option: --nope"),
    "list": (2, "Missing argument"),
    "measure results --storage postgresql://host": (2, "--storage was removed: give --on tcp://SCHEDULER:8786"),
    "list optimizer": (2, "cannot list 'optimizer': did you mean 'optimizers'?"),
    "init": (2, "Missing argument"),
    "init quikstart": (2, "no bundled sweep 'quikstart': did you mean 'quickstart'?"),
    "init quickstart example.toml": (2, "example.toml exists already: choose another file name"),
    "init quickstart nowhere/mine.toml": (1, "cannot write nowhere/mine.toml: No such file or directory"),
    "analyze nowhere": (1, "nowhere does not exist"),
    "analyze .": (1, "is not a results directory"),
    "analyze": (2, "Missing argument"),
    "train --batch-size 0": (2, "batch_size = 0: give a whole number from 1"),
    "train --batch-size many": (2, "--batch-size 'many': give a whole number, or \"full\""),
    "train --batch-size 5000": (2, "batch_size 5000 exceeds the"),
    "train --epochs 0": (2, "Invalid value for '--epochs'"),
    "train --learning-rate 0": (2, "a learning rate of 0 learns nothing"),
    "train --learning-rate -1": (2, "must be at least 0"),
    "train --optimizer adamm": (2, "unknown optimizer 'adamm': did you mean 'adam'?"),
    "train --model linear": (2, "model 'linear' is for regression"),
    "train --data nowhere.csv": (1, "no such file: nowhere.csv"),
    "train --set space.batch_size=[8,16]": (2, "train runs one configuration, but batch_size has several values: use search"),
    "train --set points=[{}]": (2, "train runs one configuration, but points has several values: use search"),
    "train --set search.replicates=3": (2, "train makes one run, but search.replicates is 3: use search"),
    "train --epochs 5 --set budget.updates=9": (2, "epochs and budget.updates contradict each other: give one of them"),
    "train --epochs 5 --set budget={updates=9}": (2, "epochs and budget contradict each other: give one of them"),
    "train --seed -1": (2, "Invalid value for '--seed'"),
    "train --seed 4294967296": (2, "Invalid value for '--seed'"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_invalid_commands(run, tmp_path, command):
    sweep_file(tmp_path)
    before = files()
    code, line = COMMANDS[command]
    assert_refused(run(*command.split(" ")), code, line)
    assert files() == before
