"""A plugin that fails while it runs affects only its own trial."""

import os
import signal
from pathlib import Path

import pytest
from commands import completed, running, wait_for_rows
from distributions import distribution, environment
from linear_sweep import LINEAR, statuses, sweep_file
from waiting import wait_until

from sweepgd import load
from sweepgd.core.memory_limit import memory_per_worker

PLUGINS = Path(__file__).parent / "plugins"
SWEEP = (
    LINEAR.replace('optimizer = ["sgd", "momentum"]', 'optimizer = "perilous"')
    .replace("{ low = 1e-3, high = 0.3, log = true }", "0.1")
    .replace("[5, 10, 20]", "5")
    .replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[optimizer.perilous]\nperil = [0, 1]")
    .replace("trials = 6", 'sampler = "grid"\nreplicates = 2')
)
ORIGIN = "optimizer 'perilous' of their-perils 2.1: "
STOPPED = "its worker was stopped at the trial's time limit of 3 s"
MEMORY = f"took more than its worker's share of memory, {(memory_per_worker(2) or 0) / 1e9:.3g} GB: use fewer --workers"
SEGFAULT = "the worker process ended by signal SIGSEGV"
ENDINGS = [
    ("completed", "budget spent"),
    ("failed", ORIGIN + "ValueError: the step gives up"),
    ("diverged", "diverged at update 5: the mini-batch loss is not finite; try a smaller learning rate"),
    ("timed_out", ORIGIN + STOPPED),
    ("failed", ORIGIN + SEGFAULT),
    ("failed", ORIGIN + MEMORY),
    ("failed", ORIGIN + "RuntimeError: it is [broken]"),
    ("timed_out", ORIGIN + STOPPED),
    ("failed", ORIGIN + SEGFAULT),
    ("failed", ORIGIN + "the worker process ended with exit code 7"),
    ("failed", ORIGIN + MEMORY),
    ("failed", ORIGIN + "the worker process ended with exit code 9"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> dict[str, str]:
    """The environment variables of processes in which the failing plugins are installed."""
    site = tmp_path_factory.mktemp("site")
    perils = {"perilous.py": PLUGINS / "perilous.py"}
    distribution(site, "their-perils", perils, version="2.1", optimizers={"perilous": "perilous:perilous"})
    distribution(
        site,
        "sleepers",
        {"sleepers.py": PLUGINS / "sleepers.py"},
        optimizers={"sleeper": "sleepers:sleeper"},
        models={"sleeping": "sleepers:sleeping"},
    )
    return environment(site)


def test_each_failure_is_recorded_and_the_rest_of_the_sweep_continues(installed, tmp_path):
    out = str(tmp_path / "out")
    hangs = [number for number, (status, _) in enumerate(ENDINGS) if status == "timed_out"]  # first, at the same time
    others = [number for number in range(len(ENDINGS)) if number not in hangs]
    path = sweep_file(tmp_path, SWEEP.replace("[0, 1]", str([*hangs, *others])))
    arguments = ("search", path, "--out", out, "--workers", "2", "--trial-timeout", "3s")
    ended = completed(*arguments, "--verbose", env=installed)
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert f"{ORIGIN}RuntimeError: it is [broken]\n" in ended.stderr
    rows = load(out).trials.to_pylist()
    first = next(row for row in rows if row["status"] != "completed")
    why = f"trial {first['trial']}: {first['message']}"
    assert ended.stderr.splitlines()[-1] == f"sweepgd: 10 trials failed or timed out; {why}"
    assert [(row["trial"], row["replicate"]) for row in rows] == [
        (trial, seed) for trial in range(len(ENDINGS)) for seed in range(2)
    ]
    for row in rows:
        assert (row["status"], row["message"]) == ENDINGS[int(dict(row["hyperparameters"])["peril"])]
        assert row["seed"] == row["replicate"]
        assert (row["optimizer"], row["learning_rate"], row["batch_size"]) == ("perilous", 0.1, 5)
        assert (row["train_loss"] is None) == (row["status"] != "completed")

    again = completed(*arguments, env=installed)
    assert again.returncode == 3, again.stderr
    assert load(out).trials.to_pylist() == rows


@pytest.mark.parametrize(("hung", "name"), [("optimizer", "sleeper"), ("model", "sleeping")])
def test_a_plugin_that_hangs_at_import_is_stopped_at_the_time_limit(hung, name, installed, tmp_path):
    text = LINEAR.replace('["sgd", "momentum"]', '["sgd", "sleeper"]').replace("[5, 10, 20]", "5")
    text = text.replace("{ low = 1e-3, high = 0.3, log = true }", "0.1").replace("trials = 6", 'sampler = "grid"')
    text = text.replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "")
    if hung == "model":
        text = text.replace('name = "linear"', 'name = "sleeping"').replace('"sleeper"', '"nesterov"')
    arguments = ("search", sweep_file(tmp_path, text), "--out", str(tmp_path / "out"), "--trial-timeout", "3s")
    ended = completed(*arguments, "--workers", "2", env=installed)
    assert ended.returncode == 3, ended.stderr
    results = load(tmp_path / "out")
    lost = ("timed_out", f"{hung} {name!r} of sleepers 1.0: {STOPPED}")
    first = ("completed", "budget spent") if hung == "optimizer" else lost
    assert list(zip(statuses(results), results.trials["message"].to_pylist(), strict=True)) == [first, lost]


def test_ctrl_c_ends_a_hang_without_a_time_limit(installed, tmp_path):
    path = sweep_file(tmp_path, SWEEP.replace("[0, 1]", "[0, 3]"))
    arguments = ("search", path, "--out", str(tmp_path / "out"), "--workers", "1")
    with running(*arguments, env=installed, start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 2, search)
        os.killpg(search.pid, signal.SIGINT)
        _, err = search.communicate()
    assert search.returncode == 130
    assert "Traceback" not in err
    assert statuses(load(tmp_path / "out")) == ["completed"] * 2
    wait_until(lambda: not _runs(search.pid), "a worker outlives the search")


def train(peril: int) -> tuple[str, ...]:
    """Return the arguments of one run with this kind of failure."""
    given = ("--data", "synthetic_linear", "--model", "linear", "--optimizer", "perilous", "--batch-size", "5")
    return ("train", *given, "--set", f"optimizer.perilous.peril={peril}")


def test_an_exception_in_a_single_run_is_one_line(installed):
    ended = completed(*train(1), env=installed)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, f"sweepgd: {ORIGIN}ValueError: the step gives up")
    assert "Traceback" not in ended.stderr


def test_ctrl_c_ends_a_single_run_whose_step_hangs(installed):
    """The kernel runs in the process that receives Ctrl-C, and Python alone would wait for the kernel to return."""
    with running(*train(3), env=installed | {"PYTHONUNBUFFERED": "1"}) as hung:
        while hung.stdout.readline().split()[:1] != ["epoch"]:  # after what is said of the data
            assert hung.poll() is None
        assert hung.stdout.readline().split()[0] == "0"
        hung.send_signal(signal.SIGINT)
        _, err = hung.communicate()
    assert (hung.returncode, err.splitlines()[-1]) == (130, "sweepgd: interrupted")
    assert "Traceback" not in err


def _runs(group: int) -> bool:
    """Return whether a process of this group is alive."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
