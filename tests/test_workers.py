"""A trial that raises, crashes its worker or hangs is a row with its reason, and the others finish."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from tiny import LINEAR, assert_same, statuses, sweep_file

from sweepgd import load

# An optimizer of a distribution of its own, whose peril strikes in the worker: where it is made into a kernel's arguments.
PERILOUS = """
import ctypes, gc, os, time
from dataclasses import fields
from multiprocessing.connection import Connection
from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd
from sweepgd.setting import Setting

class Perilous(Optimizer):
    def hyper(self, values):
        match int(values["peril"]):
            case 1: raise RuntimeError("it is [broken]")
            case 2: os._exit(7)
            case 3: ctypes.string_at(0)
            case 4: time.sleep(600)
            case 5:
                for each in gc.get_objects():
                    if isinstance(each, Connection):
                        os.write(each.fileno(), b"torn message of 1953460846 bytes")
                os._exit(9)
        return super().hyper(values)

given = {field.name: getattr(sgd, field.name) for field in fields(Optimizer)}
perilous = Perilous(**given | {"name": "perilous", "hyperparameters": (Setting("peril", 0, "what strikes", minimum=0),)})
"""
METADATA = "Metadata-Version: 2.1\nName: perilous\nVersion: 1.0\n"
ENTRY_POINTS = "[sweepgd.optimizers]\nperilous = perilous:perilous\nunloadable = perilous:missing\n"
SWEEP = (
    LINEAR.replace('optimizer = ["sgd", "momentum"]', 'optimizer = "perilous"')
    .replace("{ low = 1e-3, high = 0.3, log = true }", "0.1")
    .replace("[5, 10, 20]", "[5, 10]")
    .replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[optimizer.perilous]\nperil = [0, 1, 2, 3, 4, 5]")
    .replace("trials = 6", 'sampler = "grid"\nreplicates = 2')
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder for PYTHONPATH with the distribution in it."""
    folder = tmp_path_factory.mktemp("site")
    information = folder / "perilous-1.0.dist-info"
    information.mkdir()
    (folder / "perilous.py").write_text(PERILOUS)
    (information / "METADATA").write_text(METADATA)
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def sweepgd(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "sweepgd", *arguments]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=120)


def test_every_peril_is_a_row_and_the_rest_of_the_sweep_goes_on(installed, tmp_path):
    out = str(tmp_path / "out")
    path = sweep_file(tmp_path, SWEEP)
    ended = sweepgd(installed, "search", path, "--out", out, "--workers", "2", "--trial-timeout", "1s", "--verbose")
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "it is [broken]" in ended.stderr
    assert ended.stderr.splitlines()[-1] == "sweepgd: 10 trials failed or timed out; their rows say why"
    rows = load(out).trials.to_pylist()
    assert [(row["trial"], row["replicate"]) for row in rows] == list(product(range(12), range(2)))
    expected = [
        ("completed", "budget spent"),
        ("failed", "RuntimeError: it is [broken]"),
        ("failed", "the worker process ended with exit code 7"),
        ("failed", "the worker process ended by signal SIGSEGV"),
        ("timed_out", "its worker was stopped at the trial's time limit of 1 s"),
        ("failed", "the worker process ended with exit code 9"),
    ]
    for row in rows:
        assert (row["status"], row["message"]) == expected[int(dict(row["hyperparameters"])["peril"])]
        assert row["seed"] == row["replicate"]
        assert (row["optimizer"], row["learning_rate"]) == ("perilous", 0.1)
        assert row["batch_size"] in (5, 10)
        assert (row["train_loss"] is None) == (row["status"] != "completed")
    assert load(out).curves.num_rows == 4 * 3

    again = sweepgd(installed, "search", path, "--out", out)
    assert again.returncode == 3, again.stderr
    assert load(out).trials.to_pylist() == rows


SCRIPT = """
import sys
from sweepgd import search
print("once")
results = search(sys.argv[1], out=sys.argv[2], workers=2)
print(set(results.trials["status"].to_pylist()))
"""


def test_a_script_that_calls_search_is_not_run_again_by_the_workers(tmp_path):
    """Without `if __name__ == "__main__"`, which multiprocessing otherwise wants."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), sweep_file(tmp_path), str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "once\n{'completed'}\n", "")


def test_what_an_adaptive_sampler_cannot_be_told_it_goes_on_without(installed, tmp_path):
    path = sweep_file(tmp_path, SWEEP.replace('sampler = "grid"', 'sampler = "tpe"\ntrials = 6\ngeneration = 3'))
    arguments = ("search", path, "--set", "optimizer.perilous.peril=[0,2]", "--workers", "2")
    for trials, out in (("6", "whole"), ("4", "parts"), ("6", "parts")):
        ended = sweepgd(installed, *arguments, "--out", str(tmp_path / out), "--trials", trials)
        assert ended.returncode in (0, 3), ended.stderr
    whole, parts = load(tmp_path / "whole"), load(tmp_path / "parts")
    assert_same(whole, parts)
    assert {"completed", "failed"} <= set(statuses(whole))


def test_a_plugin_that_does_not_load_is_listed_with_its_reason_and_stops_nothing(installed, tmp_path):
    listed = sweepgd(installed, "list", "optimizers", "--json")
    assert listed.returncode == 0
    assert '"name": "adam"' in listed.stdout
    assert '"distribution": "perilous 1.0"' in listed.stdout
    assert "optimizer 'unloadable' of perilous does not load: AttributeError" in listed.stdout
    path = sweep_file(tmp_path)
    chosen = ("--set", "space.optimizer='unloadable'", "--set", "optimizer={}")
    refused = sweepgd(installed, "search", path, *chosen, "--out", str(tmp_path / "out"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "does not load: AttributeError" in refused.stderr
    assert not (tmp_path / "out").exists()
