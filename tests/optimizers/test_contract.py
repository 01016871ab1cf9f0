"""The rules of the packages in plugins/ fit the contract, without any change of the trainer.

SAM takes a second gradient, LAMB works layer by layer, schedule-free SGD is evaluated at other weights than those it updates,
and Muon multiplies matrices. Tests in each package compare its paths with an independent implementation.
"""

import tomllib
from pathlib import Path
from pkgutil import resolve_name

import numba
import numpy as np
import pytest
from optimizers.paths import own_path, run_of

from sweepgd.kernels import signatures, trainer
from sweepgd.plugins import registry

PACKAGES = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def shipped(monkeypatch):
    """The rules of the packages by name, loaded from their sources and added to the installed ones."""
    rules = {}
    for project in PACKAGES.glob("*/pyproject.toml"):
        monkeypatch.syspath_prepend(project.parent / "src")
        points = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["entry-points"]["sweepgd.optimizers"]
        rules |= {name: resolve_name(value) for name, value in points.items()}
    installed = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: rules[name] if name in rules else installed(kind, name))
    return rules


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="about compilation")
def test_a_new_rule_does_not_compile_the_trainer(shipped):
    own_path(run_of("sgd", {}, 0.1, "float32"))
    compiled = signatures.compiled("train", trainer.train, "float32")
    compiled_before = compiled.stats.cache_hits.total(), compiled.stats.cache_misses.total()
    assert {"sam", "lamb", "schedule_free_sgd", "muon"} <= set(shipped)
    for name, rule in shipped.items():
        run = run_of(name, {}, rule.learning_rate.default, "float32")
        own_path(run)
        assert run.points[-1].train_loss < run.points[0].train_loss
    assert signatures.compiled("train", trainer.train, "float32") is compiled
    assert len(compiled.signatures) == 1
    assert (compiled.stats.cache_hits.total(), compiled.stats.cache_misses.total()) == compiled_before


def test_schedule_free_sgd_is_evaluated_at_the_average(shipped):
    run = run_of("schedule_free_sgd", {}, 1.0, "float64")
    own = own_path(run)
    stepped, fast = run.kernels.theta, run.kernels.slots[0]
    np.testing.assert_allclose(0.9 * own.weights[-1] + 0.1 * fast, stepped, rtol=1e-12)
    assert np.linalg.norm(own.weights[-1] - stepped) > 1e-3
