"""Checks that a rule lowers a loss. The checks use the same trainer as users' runs."""

from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from sweepgd.data import DataSpec, prepare
from sweepgd.kernels.analytic_losses import quadratic_evaluate, quadratic_gradient
from sweepgd.kernels.compilations import compilations
from sweepgd.models import Architecture, Shape, build
from sweepgd.optimizers import Optimizer
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.step_harness import LAYOUT, PARAMETERS, Array, defaults, search_range
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.compiled_run import CompiledRun

DTYPE = "float32"
UPDATES = 5000
# The number of learning rates from one end of the rule's range to the other, in addition to the default rate.
RATES = 9
# Updates for the hint about a wrong sign. There are so many that a slow start does not matter.
FEW = 20
SHARE_OF_QUADRATIC = 0.01
LOSS_OF_ROSENBROCK = 0.05


class Descent(NamedTuple):
    """The lowest final loss that any learning rate reaches, this learning rate, and the initial loss."""

    loss: float
    rate: float
    start: float


def quadratic(optimizer: Optimizer) -> str:
    """Check the descent on a quadratic function of two matrices and two biases, with curvatures from 1 to 10."""
    found = descend(optimizer, _matrices())
    if not found.loss <= SHARE_OF_QUADRATIC * found.start:
        hint = _uphill(optimizer, _matrices()) if found.loss >= found.start else ""
        raise Flaw(f"{_summary(found)}: the loss must get below {SHARE_OF_QUADRATIC * found.start:.3g}{hint}")
    return _summary(found)


def rosenbrock(optimizer: Optimizer) -> str:
    """Check the descent on Rosenbrock's bent valley from (−1.2, 1) to (1, 1).

    A rule that only shrinks the weights ends at a loss of 1. The steepness b of the valley is 1, so that curvatures are as
    small as in the check "quadratic". With the usual steepness of 100, curvatures reach 1000, and runs at the usual learning
    rates of networks diverge.
    """
    found = descend(optimizer, build("rosenbrock", {"steepness": 1.0}, Shape("none", 0, 0, 0)))
    if not found.loss <= LOSS_OF_ROSENBROCK:
        raise Flaw(f"{_summary(found)}: the loss must get below {LOSS_OF_ROSENBROCK:g}")
    return _summary(found)


def trainer(optimizer: Optimizer) -> str:
    """Check that a second run compiles nothing. A rule that is compiled in every run makes each trial seconds longer."""
    architecture, rate = _matrices(), search_range(optimizer)[0]
    _train(optimizer, architecture, rate, 1)
    again = compilations(lambda: _train(optimizer, architecture, rate, 1))
    if again:
        raise Flaw(f"a second run compiles again; functions compiled: {again}")
    return "a second run compiles nothing"


def descend(optimizer: Optimizer, architecture: Architecture) -> Descent:
    """Return the best result of several constant learning rates from the search range, with all other settings at their
    defaults.
    """
    default = float(optimizer.learning_rate.default)
    rates = {default, *np.geomspace(*search_range(optimizer), RATES).tolist()}
    found = Descent(inf, default, _train(optimizer, architecture, 0.0, 0))
    for rate in sorted(rates):
        loss = _train(optimizer, architecture, rate, UPDATES)
        if isfinite(loss) and loss < found.loss:
            found = Descent(loss, rate, found.start)
    return found


def _uphill(optimizer: Optimizer, architecture: Architecture) -> str:
    """Return a hint about a wrong sign if the loss also grows at rates far below the range, where steps cannot overshoot.
    Otherwise return "".
    """
    start, low = _train(optimizer, architecture, 0.0, 0), search_range(optimizer)[0]
    ends = [_train(optimizer, architecture, low * share, FEW) for share in (1e-2, 1e-1, 1.0)]
    return "; the loss grows at every rate: is the sign of the step wrong?" if min(ends) > start else ""


def _train(optimizer: Optimizer, architecture: Architecture, rate: float, updates: int) -> float:
    """Return the loss at the evaluation weights after `updates` updates, or infinity if the run diverged."""
    compiled_run = CompiledRun(
        optimizer,
        Configuration(hyperparameters=defaults(optimizer)),
        architecture,
        prepare(DataSpec(name="none"), seed=0, dtype=DTYPE),
        initial=architecture.initial(np.random.default_rng(0)),
        key=0,
        batch=1,
        dtype=DTYPE,
    )
    if updates:
        made, *_ = compiled_run.train(np.zeros(updates, np.int64), np.arange(updates + 1), np.full(updates, rate), 0, inf)
        if made < updates:
            return inf
    return compiled_run.evaluate(compiled_run.evaluated_parameters(updates)).train_loss


def _matrices() -> Architecture:
    return Architecture(
        layout=LAYOUT,
        gradient=quadratic_gradient,
        evaluate=quadratic_evaluate,
        initial=_normal,
        settings=np.random.default_rng(1).permutation(np.geomspace(1.0, 10.0, PARAMETERS)),
        workspace=_none,
    )


def _normal(rng: np.random.Generator) -> Array:
    return rng.normal(size=PARAMETERS)


def _none(batch: int) -> int:
    return 0


def _summary(found: Descent) -> str:
    if found.loss == inf:
        return f"from a loss of {found.start:.3g}, the rule diverges at every rate of its range"
    losses = f"from a loss of {found.start:.3g} to {found.loss:.2g} in {UPDATES} updates"
    return f"{losses} at rate {found.rate:.3g}, the best of its range"
