"""A rule that goes wrong on a Dask worker costs its own trial and no other, as with local workers (`tests/isolation`)."""

from pathlib import Path

import pytest
from commands import completed
from distributions import distribution, environment
from linear_sweep import LINEAR, sweep_file

from sweepgd import load

PERILOUS = Path(__file__).parents[1] / "isolation" / "plugins" / "perilous.py"
SWEEP = (
    LINEAR.replace('optimizer = ["sgd", "momentum"]', 'optimizer = "perilous"')
    .replace("{ low = 1e-3, high = 0.3, log = true }", "0.1")
    .replace("[5, 10, 20]", "5")
    .replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[optimizer.perilous]\nperil = [3, 0, 1, 4, 5, 9, 2]")
    .replace("trials = 6", 'sampler = "grid"')
)
ORIGIN = "optimizer 'perilous' of their-perils 2.1: "
ENDINGS = {
    0: ("completed", "budget spent"),
    1: ("failed", ORIGIN + "ValueError: the step gives up"),
    2: ("diverged", "diverged at update 5: the mini-batch loss is not finite; try a smaller learning rate"),
    3: ("timed_out", ORIGIN + "its worker was stopped at the trial's time limit of 3 s"),
    4: ("failed", ORIGIN + "the worker process ended by signal SIGSEGV"),
    5: ("failed", ORIGIN + "took more than its worker's share of memory, "),
    9: ("failed", ORIGIN + "the worker process ended with exit code 7"),
}


def test_every_peril_on_a_dask_worker_is_a_row_and_the_rest_goes_on(tmp_path):
    pytest.importorskip("distributed", reason="distributed is not installed")
    distribution(
        tmp_path / "site",
        "their-perils",
        {"perilous.py": PERILOUS},
        version="2.1",
        optimizers={"perilous": "perilous:perilous"},
    )
    out = str(tmp_path / "out")
    arguments = ("search", sweep_file(tmp_path, SWEEP), "--out", out, "--on", "dask", "--jobs", "2", "--trial-timeout", "3s")
    ended = completed(*arguments, env=environment(tmp_path / "site"))
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    rows = load(out).trials.to_pylist()
    assert [row["trial"] for row in rows] == list(range(len(ENDINGS)))
    for row in rows:
        status, message = ENDINGS[int(dict(row["hyperparameters"])["peril"])]
        assert (row["status"], row["message"][: len(message)]) == (status, message)
        assert row["attempt"] == 1
