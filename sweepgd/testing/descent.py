"""Checks that a rule descends, in the trainer that users' runs go through."""

from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from sweepgd.binding import Binding
from sweepgd.configuration import Configuration
from sweepgd.data import DataSpec, prepare
from sweepgd.kernels.compilations import compilations
from sweepgd.kernels.surfaces import quadratic_evaluate, quadratic_gradient
from sweepgd.models import Architecture, Shape, build
from sweepgd.optimizers import Optimizer
from sweepgd.testing.finding import Flaw
from sweepgd.testing.stage import LAYOUT, PARAMETERS, Array, defaults, search_range

DTYPE = "float32"
UPDATES = 5000
# Over the rule's own range, its ends included, besides its default.
RATES = 9
# Of a rule that lowers no loss: enough that the first step of one which begins slowly does not decide.
FEW = 20
SHARE_OF_QUADRATIC = 0.01
LOSS_OF_ROSENBROCK = 0.05


class Descent(NamedTuple):
    """The lowest loss that any of the rates reached, that rate, and the loss at the start."""

    loss: float
    rate: float
    start: float


def quadratic(optimizer: Optimizer) -> str:
    """Of two matrices and their biases, curvatures from 1 to 10: a rule that cannot lower this one lowers none."""
    found = descend(optimizer, _matrices())
    if not found.loss <= SHARE_OF_QUADRATIC * found.start:
        hint = _uphill(optimizer, _matrices()) if found.loss >= found.start else ""
        raise Flaw(f"{_told(found)}: below {SHARE_OF_QUADRATIC * found.start:.3g} was wanted{hint}")
    return _told(found)


def rosenbrock(optimizer: Optimizer) -> str:
    """A bent valley from (−1.2, 1) to (1, 1): shrinking weights ends at a loss of 1, and less takes steps that follow the bend.

    With steepness 1 in place of 100, and so curvatures like the quadratic's: at 1000, where Rosenbrock's own goes, rates as
    networks are trained at diverge.
    """
    found = descend(optimizer, build("rosenbrock", {"steepness": 1.0}, Shape("none", 0, 0, 0)))
    if not found.loss <= LOSS_OF_ROSENBROCK:
        raise Flaw(f"{_told(found)}: below {LOSS_OF_ROSENBROCK:g} was wanted")
    return _told(found)


def trainer(optimizer: Optimizer) -> str:
    """A rule is compiled once, and the trainer takes its address: one that compiles at every run costs each trial seconds."""
    architecture, rate = _matrices(), search_range(optimizer)[0]
    _train(optimizer, architecture, rate, 1)
    again = compilations(lambda: _train(optimizer, architecture, rate, 1))
    if again:
        raise Flaw(f"a second run compiles anew; functions compiled: {again}")
    return "a second run compiles nothing"


def descend(optimizer: Optimizer, architecture: Architecture) -> Descent:
    """The best of some constant rates over the range that a search uses, all else as the rule has it by default."""
    default = float(optimizer.learning_rate.default)
    rates = {default, *np.geomspace(*search_range(optimizer), RATES).tolist()}
    found = Descent(inf, default, _train(optimizer, architecture, 0.0, 0))
    for rate in sorted(rates):
        loss = _train(optimizer, architecture, rate, UPDATES)
        if isfinite(loss) and loss < found.loss:
            found = Descent(loss, rate, found.start)
    return found


def _uphill(optimizer: Optimizer, architecture: Architecture) -> str:
    """A hint where a rule goes uphill at rates far below its range, too, where nothing overshoots."""
    start, low = _train(optimizer, architecture, 0.0, 0), search_range(optimizer)[0]
    ends = [_train(optimizer, architecture, low * share, FEW) for share in (1e-2, 1e-1, 1.0)]
    return "; the loss grows at every rate: is the sign of the step wrong?" if min(ends) > start else ""


def _train(optimizer: Optimizer, architecture: Architecture, rate: float, updates: int) -> float:
    """The loss at the weights to judge by after so many updates; infinite where it diverged."""
    binding = Binding(
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
        made, *_ = binding.train(np.zeros(updates, np.int64), np.arange(updates + 1), np.full(updates, rate), 0, inf)
        if made < updates:
            return inf
    return binding.evaluate(binding.evaluated_parameters(updates)).train_loss


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


def _told(found: Descent) -> str:
    if found.loss == inf:
        return f"from a loss of {found.start:.3g} it diverges at every rate of its range"
    way = f"from a loss of {found.start:.3g} to {found.loss:.2g} in {UPDATES} updates"
    return f"{way} at rate {found.rate:.3g}, the best of its range"
