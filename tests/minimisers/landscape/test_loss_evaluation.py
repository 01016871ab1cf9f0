"""Points are evaluated by workers: the same numbers wherever they are, and a model that fails there is a line."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children

import numpy as np
import pytest
from commands import VARIABLES, call
from linear_sweep import LINEAR, sweep

from sweepgd import search
from sweepgd.core.errors import UsageError
from sweepgd.minimisers.landscape import RunKey, SurfaceOptions, line, surface
from sweepgd.minimisers.landscape.line import Segment
from sweepgd.minimisers.landscape.loss_evaluation import evaluated
from sweepgd.minimisers.landscape.survey import survey

SMALL = SurfaceOptions(resolution=5)

# Trains as `linear` does; its loss far from all that it was trained on ends the worker, raises, or is right.
STEEP = """
from dataclasses import fields, replace

import numpy as np

from sweepgd.models import Model
from sweepgd.models.networks import linear
from sweepgd.core.setting import Setting


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    if abs(theta[0]) > 1e6:
        if settings[0] == 1:
            raise ValueError("it is too steep")
        if settings[0] == 2:
            work[2**44] = 1
    return np.float64(theta[0]) ** 2, np.nan


def build(shape, peril, **settings):
    built = linear.build(shape, **settings)
    numbers = built.settings.copy()
    numbers[0] = peril  # the activation, which a linear model has not
    return replace(built, settings=numbers, evaluate=evaluate)


given = {field.name: getattr(linear, field.name) for field in fields(Model)}
peril = Setting("peril", 0, "what strikes", minimum=0)
steep = Model(**given | {"name": "steep", "build": build, "settings": (*linear.settings, peril)})
"""


def test_neither_workers_nor_an_executor_change_a_number(moons):
    counts = []
    local = [surface(moons, RunKey(0), SMALL, workers=workers, advance=lambda: counts.append(1)) for workers in (1, 3)]
    with ThreadPoolExecutor(1) as executor:
        elsewhere = surface(moons, RunKey(0), SMALL, executor=executor, advance=lambda: counts.append(1))
    assert local[0].equals(local[1])
    assert local[0].equals(elsewhere)
    assert len(counts) == 75


def test_more_points_than_tasks_stay_in_their_order(quadratic):
    point = Segment(np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.0, 0.0]), 3)
    alphas = np.linspace(0.0, 1.0, 250)[:, None]
    columns = evaluated(quadratic, RunKey(0), alphas, point, workers=2)
    np.testing.assert_allclose(columns["train_loss"], 0.5 * (1.0 + alphas[:, 0]) ** 2, rtol=1e-14)


def test_ctrl_c_ends_it_with_its_workers(moons):
    with pytest.raises(KeyboardInterrupt):
        line(moons, RunKey(0, 1), RunKey(1, 1), workers=1, advance=lambda: os.kill(os.getpid(), signal.SIGINT))
    assert active_children() == []


@pytest.mark.parametrize(
    ("peril", "why"),
    [(1, "steep.py: ValueError: it is too steep"), (2, "steep.py: the worker process ended by signal SIGSEGV")],
)
def test_a_model_that_fails_there_costs_a_line(monkeypatch, capsys, tmp_path, peril, why):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    file, out = tmp_path / "steep.py", tmp_path / "out"
    file.write_text(STEEP)
    given = ("model.name='steep'", f"model.peril={peril}", "search.trials=1", "search.sampler='random'")
    search(sweep(*given, text=LINEAR), out=out, workers=1, plugins=[file])
    asked = ("landscape", str(out), "--plugin", str(file), "--surface", "0", "--directions", "random", "--resolution", "5")
    ended = call(monkeypatch, capsys, *asked, "--extent", "1e9", "--workers", "1", "-q")
    assert (ended.code, ended.out) == (1, "")
    assert (ended.err.count("\n"), why in ended.err) == (1, True), ended.err
    assert list((out / "landscapes").iterdir()) == []


def test_workers_beside_a_cluster_are_a_line(monkeypatch, capsys, moons):
    ended = call(monkeypatch, capsys, "landscape", str(moons.directory), "--workers", "2", "--on", "dask")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "sweepgd: --workers is for this machine and --on is for a cluster: give only one of them\n"
    for name, value in {"SWEEPGD_WORKERS": "2", "SWEEPGD_ON": "dask"}.items():
        monkeypatch.setenv(name, value)
    ended = call(monkeypatch, capsys, "landscape", str(moons.directory))
    line = "SWEEPGD_WORKERS is for this machine and SWEEPGD_ON is for a cluster: give only one of them"
    assert (ended.code, ended.out, ended.err) == (2, "", f"sweepgd: {line}\n")
    with pytest.raises(UsageError, match=r"^executor str: give a dask\.distributed\.Client or a concurrent"):
        next(survey(moons, None, (), SMALL, progress=None, executor="dask"))
