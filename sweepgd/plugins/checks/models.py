"""Checks that the kernels of a model compute the gradient of the loss that they report, and write nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import COLUMNS, OFFSET, SIZE
from sweepgd.kernels import signatures
from sweepgd.models import Model
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.model_harness import (
    SHAPES,
    STEP,
    TOLERANCE,
    ModelStage,
    apart,
    architectures,
    directions,
    kernels,
    stages,
)
from sweepgd.plugins.checks.step_harness import DTYPES, Array

PRECISION_TOLERANCE = 1e-3
RATES, UPDATES = 10.0 ** np.arange(-4.0, 1.0), 100


def builds(model: Model) -> str:
    """Check that layout, initial parameters and scratch memory are consistent for each task."""
    known = set(model.tasks) & set(SHAPES)
    if not known or known != set(model.tasks):
        raise Flaw(f"its tasks are {model.tasks!r}: give a tuple of {', '.join(SHAPES)}")
    found = []
    for shape, built in architectures(model):
        if built.layout.ndim != 2 or built.layout.shape[1] != COLUMNS:
            raise Flaw(f"its layout has shape {built.layout.shape}: make it with sweepgd.plugin.layout_of")
        ends = built.layout[:, OFFSET] + built.layout[:, SIZE]
        if built.layout[0, OFFSET] != 0 or (built.layout[1:, OFFSET] != ends[:-1]).any():
            raise Flaw("its layout leaves gaps between tensors: make it with sweepgd.plugin.layout_of")
        starts = [np.asarray(built.initial(np.random.default_rng(seed))) for seed in (2, 2)]
        if starts[0].shape != (built.parameters,) or not np.isfinite(starts[0]).all():
            raise Flaw(
                f"`initial` returns the shape {starts[0].shape} for {built.parameters} parameters, or numbers that are not"
                " finite"
            )
        if starts[0].tobytes() != starts[1].tobytes():
            raise Flaw("two calls of `initial` with the same seed give different numbers: draw only from `rng`")
        for rows in (1, 64):
            if not isinstance(built.workspace(rows), (int, np.integer)) or built.workspace(rows) < 0:
                raise Flaw(f"workspace({rows}) is {built.workspace(rows)!r}: give a whole number")
        found.append(f"{shape.task} ({built.parameters} parameters)")
    if not found:
        raise Flaw(
            f"it supports none of the shapes that this check tries for {', '.join(model.tasks)}: 3 inputs, 1 or 2 targets, 2 "
            "or 4 classes"
        )
    return "for " + ", ".join(found)


def compiles(model: Model) -> str:
    """Check that all kernels compile for float32 and float64, because a sweep may use either."""
    kinds: dict[str, None] = {}
    for _, built in architectures(model):
        for kind, kernel in kernels(built):
            for dtype in DTYPES:
                try:
                    signatures.compiled(kind, kernel, dtype)
                except SweepgdError as problem:
                    raise Flaw(str(problem)) from None
            kinds[kind] = None
    return f"{', '.join(kinds)} for float32 and float64"


def bounds(model: Model) -> str:
    """Check that kernels write their whole output and nothing else. Compiled code does not check indices."""
    for what, stage in stages(model, *DTYPES):
        given = {name: stage.arrays[name].copy() for name in ("theta", "inputs", "targets")}
        calls: dict[str, Callable[[], object]] = {"gradient": stage.gradient, "evaluate": stage.evaluate}
        if stage.architecture.evaluate_with_gradient is not None:
            calls["evaluate_with_gradient"] = stage.evaluate_with_gradient
        if stage.architecture.predict is not None:
            calls["predict"] = stage.predict
        for kind, call in calls.items():
            call()
            if damage := stage.arrays.damage():
                raise Flaw(f"`{kind}` writes {damage} {what}")
            for name, before in given.items():
                if stage.arrays[name].tobytes() != before.tobytes():
                    raise Flaw(f"`{kind}` changes `{name}` {what}")
        left = int(np.count_nonzero(np.isnan(stage.gradient()[1])))
        if left:
            raise Flaw(
                f"`gradient` leaves {left} of the {stage.architecture.parameters} elements of `out` NaN or unwritten {what}"
            )
    return "all of `out` is written, and nothing besides `out`, `work` and `buffers`"


def deterministic(model: Model) -> str:
    """Check that results are bit-identical for any previous contents of the scratch memory."""
    for what, stage in stages(model, *DTYPES):
        loss, gradient = stage.gradient()
        stage.arrays["work"][:] = 1e3
        again, same = stage.gradient()
        if loss != again or gradient.tobytes() != same.tobytes():
            raise Flaw(f"equal inputs give a different gradient after a change of the scratch memory {what}")
    return "equal inputs give equal bits for any contents of the scratch memory"


def gradient(model: Model) -> str:
    """Compare the gradient with differences of the loss. With a wrong gradient, a model often seems to learn."""
    worst = 0.0
    for what, stage in stages(model, "float64"):
        theta, (_, found) = stage.arrays["theta"].copy(), stage.gradient()
        for direction in directions(stage):
            above, below = (stage.gradient(theta + side * STEP * direction)[0] for side in (1.0, -1.0))
            slope, claimed = (above - below) / (2 * STEP), float(found @ direction)
            share = abs(slope - claimed) / max(abs(slope), float(np.linalg.norm(found)), 1e-6)
            if not share <= TOLERANCE:
                raise Flaw(
                    f"along a direction, the slope of the loss is {slope:.5g}, but the gradient gives {claimed:.5g} {what}"
                )
            worst = max(worst, share)
    return f"the gradient belongs to the loss; relative difference {worst:.1g}"


def rows(model: Model) -> str:
    """Check that loss and gradient of a mini-batch are means over its rows, in any order."""
    for what, stage in stages(model, "float64"):
        if len(stage.rows) == 1 or stage.architecture.buffers:
            continue
        chosen = np.array([7, 2, 2, 11])
        loss, found = stage.gradient(rows=chosen)
        each = [stage.gradient(rows=np.array([row])) for row in chosen]
        mean = np.mean([one for _, one in each], axis=0)
        if not (apart(found, mean) <= TOLERANCE and abs(loss - np.mean([one for one, _ in each])) <= TOLERANCE):
            raise Flaw(f"over the rows 7, 2, 2, 11, the loss or gradient is not the mean of the rows {what}")
    return "the loss and gradient of some rows are means over these rows"


def evaluates(model: Model) -> str:
    """Check that all kernels give the same loss, error and gradient, and that the error rate is valid. Without classes, the
    error rate must be NaN.
    """
    for what, stage in stages(model, "float64"):
        (loss, error), (trained, slope) = stage.evaluate(), stage.gradient()
        if not abs(loss - trained) <= TOLERANCE * (1 + abs(trained)):
            raise Flaw(
                f"over the same rows, `evaluate` returns the loss {loss:.5g}, but `gradient` returns {trained:.5g} {what}"
            )
        if "classes" in what and not 0 <= error <= 1:
            raise Flaw(f"`evaluate` returns the error rate {error:g} {what}: give a number from 0 to 1")
        if "classes" not in what and not np.isnan(error):
            raise Flaw(f"`evaluate` returns the error rate {error:g} {what}: give NaN, because there are no classes")
        if stage.architecture.evaluate_with_gradient is not None:
            at_once = stage.evaluate_with_gradient()
            if not (
                abs(at_once[0] - loss) <= TOLERANCE * (1 + abs(loss)) and np.array_equal(at_once[1], error, equal_nan=True)
            ):
                raise Flaw(
                    f"`evaluate_with_gradient` returns a loss of {at_once[0]:.5g} and an error rate of {at_once[1]:g}, but "
                    f"`evaluate` returns {loss:.5g} and {error:g} {what}"
                )
            if not apart(at_once[2], slope) <= TOLERANCE:
                raise Flaw(f"`evaluate_with_gradient` and `gradient` write different gradients {what}")
    return "the evaluated loss is the loss that training minimises"


def predicts(model: Model) -> str:
    """Check that the outputs of a model with `predict` agree with the error rate of `evaluate`."""
    for what, stage in stages(model, "float64"):
        if stage.architecture.predict is None:
            continue
        found = stage.predict()
        if not found.size or not np.isfinite(found).all():
            raise Flaw(f"`predict` leaves some of the {found.shape} outputs NaN or unwritten {what}")
        if "classes" in what:
            classes = found[:, 0] > 0 if found.shape[1] == 1 else found.argmax(axis=1)
            wrong, error = float(np.mean(classes != stage.arrays["targets"][:, 0])), stage.evaluate()[1]
            if not abs(wrong - error) <= TOLERANCE:
                raise Flaw(f"the outputs of `predict` have an error rate of {wrong:g}, but `evaluate` returns {error:g} {what}")
    return "outputs of `predict`, if the model has this kernel, have the error rate of `evaluate`"


def precision(model: Model) -> str:
    """Check that the float32 gradient agrees with the float64 gradient."""
    worst = 0.0
    both = zip(stages(model, "float32"), stages(model, "float64"), strict=True)
    for (what, single), (_, double) in both:
        share = apart(single.gradient(double.arrays["theta"])[1], double.gradient()[1])
        if not share <= PRECISION_TOLERANCE:
            raise Flaw(f"float32 and float64 differ by {share:.1g} of the gradient (at most {PRECISION_TOLERANCE:g}) {what}")
        worst = max(worst, share)
    return f"float32 follows float64; difference {worst:.1g} of the gradient"


def descends(model: Model) -> str:
    """Check that gradient descent lowers the loss at some learning rate."""
    results = []
    for what, stage in stages(model, "float64"):
        start = stage.gradient()[0]
        ends = [end for end in (_descended(stage, rate) for rate in RATES) if np.isfinite(end)]
        if not ends or not min(ends) < start:
            raise Flaw(f"the loss grows at every rate, from {start:.3g} {what}: check the sign of the gradient")
        results.append(f"from {start:.3g} to {min(ends):.3g} {what}")
    return f"gradient descent lowers the loss {', '.join(results)}"


def _descended(stage: ModelStage, rate: float) -> float:
    theta = stage.arrays["theta"].copy()
    for _ in range(UPDATES):
        theta -= rate * stage.gradient(theta)[1]
        if not np.isfinite(theta).all():
            return np.inf
    return stage.gradient(theta)[0]


def outputs(model: Model) -> dict[str, list[Array]]:
    """Return losses and gradients for every shape, by floating-point type."""
    with np.errstate(all="ignore"):  # without JIT, NumPy would warn of non-finite numbers, which the checks report anyway
        found: dict[str, list[Array]] = {dtype: [] for dtype in DTYPES}
        for dtype in DTYPES:
            for _, stage in stages(model, dtype):
                loss, slope = stage.gradient()
                found[dtype].append(np.nan_to_num(np.concatenate([[loss, *stage.evaluate()], slope])))
        return found


def outputs_apart(outputs: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, float]:
    """Return the difference between outputs with JIT and outputs without JIT, for each floating-point type."""
    return {dtype: max(map(apart, outputs[dtype], plain[dtype])) for dtype in DTYPES}


CHECKS: Mapping[str, Callable[[Model], str]] = {
    "bounds": bounds,
    "deterministic": deterministic,
    "gradient": gradient,
    "rows": rows,
    "evaluate": evaluates,
    "predict": predicts,
    "precision": precision,
    "descends": descends,
}
