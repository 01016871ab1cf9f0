"""Checks of a model: kernels that calculate the gradient of the loss they report, and write nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweepgd.kernels import signatures
from sweepgd.layout import COLUMNS, OFFSET, SIZE
from sweepgd.models import Model
from sweepgd.problem import Problem
from sweepgd.testing.finding import Flaw
from sweepgd.testing.model_stage import SHAPES, STEP, TOLERANCE, ModelStage, apart, architectures, directions, kernels, stages
from sweepgd.testing.stage import DTYPES, Array

PRECISION_TOLERANCE = 1e-3
RATES, UPDATES = 10.0 ** np.arange(-4.0, 1.0), 100


def builds(model: Model) -> str:
    """A layout, starting parameters and scratch memory that fit each other, for a task that there is."""
    known = set(model.tasks) & set(SHAPES)
    if not known or known != set(model.tasks):
        raise Flaw(f"its tasks are {model.tasks!r}: give a tuple of {', '.join(SHAPES)}")
    found = []
    for shape, built in architectures(model):
        if built.layout.ndim != 2 or built.layout.shape[1] != COLUMNS:
            raise Flaw(f"its layout has shape {built.layout.shape}: make it with sweepgd.layout.layout_of")
        ends = built.layout[:, OFFSET] + built.layout[:, SIZE]
        if built.layout[0, OFFSET] != 0 or (built.layout[1:, OFFSET] != ends[:-1]).any():
            raise Flaw("its layout leaves gaps between tensors: make it with sweepgd.layout.layout_of")
        starts = [np.asarray(built.initial(np.random.default_rng(seed))) for seed in (2, 2)]
        if starts[0].shape != (built.parameters,) or not np.isfinite(starts[0]).all():
            raise Flaw(f"initial gives {starts[0].shape} numbers for {built.parameters} parameters, or not finite ones")
        if starts[0].tobytes() != starts[1].tobytes():
            raise Flaw("initial gives others for the same seed: draw from rng alone")
        for rows in (1, 64):
            if not isinstance(built.workspace(rows), (int, np.integer)) or built.workspace(rows) < 0:
                raise Flaw(f"workspace({rows}) is {built.workspace(rows)!r}: give a whole number")
        found.append(f"{shape.task} ({built.parameters} parameters)")
    if not found:
        raise Flaw(f"it fits no shape of its tasks, {', '.join(model.tasks)}: 3 inputs, 1 or 2 targets, 2 or 4 classes")
    return "for " + ", ".join(found)


def compiles(model: Model) -> str:
    """A run is in float32 unless a sweep says float64: what compiles for one only fails when somebody asks for the other."""
    kinds: dict[str, None] = {}
    for _, built in architectures(model):
        for kind, kernel in kernels(built):
            for dtype in DTYPES:
                try:
                    signatures.compiled(kind, kernel, dtype)
                except Problem as problem:
                    raise Flaw(str(problem)) from None
            kinds[kind] = None
    return f"{', '.join(kinds)} for float32 and float64"


def bounds(model: Model) -> str:
    """Compiled code checks no index: a write beside an array changes another run's numbers, or ends the process."""
    for what, stage in stages(model, *DTYPES):
        given = {name: stage.arrays[name].copy() for name in ("theta", "inputs", "targets")}
        for kind, call in (("gradient", stage.gradient), ("evaluate", stage.evaluate)):
            call()
            if damage := stage.arrays.damage():
                raise Flaw(f"{kind} writes {damage} {what}")
            for name, before in given.items():
                if stage.arrays[name].tobytes() != before.tobytes():
                    raise Flaw(f"{kind} changes {name} {what}")
        left = int(np.count_nonzero(np.isnan(stage.gradient()[1])))
        if left:
            raise Flaw(f"gradient leaves {left} of {stage.architecture.parameters} numbers of out unwritten, or NaN {what}")
    return "nothing was written beside out, work and buffers, and all of out"


def deterministic(model: Model) -> str:
    """Equal seeds give equal results, bit for bit, whatever an earlier batch left in the scratch memory."""
    for what, stage in stages(model, *DTYPES):
        loss, gradient = stage.gradient()
        stage.arrays["work"][:] = 1e3
        again, same = stage.gradient()
        if loss != again or gradient.tobytes() != same.tobytes():
            raise Flaw(f"the same inputs give another gradient once the scratch memory has changed {what}")
    return "the same inputs gave the same bits, whatever was in the scratch memory"


def gradient(model: Model) -> str:
    """A gradient that is not that of the loss goes somewhere else, and often looks as if it learned."""
    worst = 0.0
    for what, stage in stages(model, "float64"):
        theta, (_, found) = stage.arrays["theta"].copy(), stage.gradient()
        for direction in directions(stage):
            above, below = (stage.gradient(theta + side * STEP * direction)[0] for side in (1.0, -1.0))
            slope, claimed = (above - below) / (2 * STEP), float(found @ direction)
            share = abs(slope - claimed) / max(abs(slope), float(np.linalg.norm(found)), 1e-6)
            if not share <= TOLERANCE:
                raise Flaw(f"along a direction the loss changes by {slope:.5g}, and its gradient says {claimed:.5g} {what}")
            worst = max(worst, share)
    return f"the gradient is that of its loss; apart by {worst:.1g}"


def rows(model: Model) -> str:
    """A mini-batch's loss and gradient are means over the rows that are numbered, in any order, and no others."""
    for what, stage in stages(model, "float64"):
        if len(stage.rows) == 1 or stage.architecture.buffers:
            continue
        chosen = np.array([7, 2, 2, 11])
        loss, found = stage.gradient(rows=chosen)
        each = [stage.gradient(rows=np.array([row])) for row in chosen]
        mean = np.mean([one for _, one in each], axis=0)
        if not (apart(found, mean) <= TOLERANCE and abs(loss - np.mean([one for one, _ in each])) <= TOLERANCE):
            raise Flaw(f"over the rows 7, 2, 2, 11 it is not the mean of theirs {what}")
    return "over some rows it is the mean of theirs"


def evaluates(model: Model) -> str:
    """What a run is judged by is to be what it minimises; the share misclassified is one, or NaN where there is none."""
    for what, stage in stages(model, "float64"):
        (loss, error), trained = stage.evaluate(), stage.gradient()[0]
        if not abs(loss - trained) <= TOLERANCE * (1 + abs(trained)):
            raise Flaw(f"evaluate gives a loss of {loss:.5g}, gradient one of {trained:.5g} over the same rows {what}")
        if "classes" in what and not 0 <= error <= 1:
            raise Flaw(f"evaluate gives {error:g} as the share misclassified {what}: give one from 0 to 1")
        if "classes" not in what and not np.isnan(error):
            raise Flaw(f"evaluate gives {error:g} as the share misclassified {what}: give NaN, as there are no classes")
    return "its loss is the one that is minimised"


def precision(model: Model) -> str:
    """Float32 halves the memory that a step moves; a gradient that is lost in its rounding is none."""
    worst = 0.0
    both = zip(stages(model, "float32"), stages(model, "float64"), strict=True)
    for (what, single), (_, double) in both:
        share = apart(single.gradient(double.arrays["theta"])[1], double.gradient()[1])
        if not share <= PRECISION_TOLERANCE:
            raise Flaw(f"float32 and float64 part by {share:.1g} of the gradient (at most {PRECISION_TOLERANCE:g}) {what}")
        worst = max(worst, share)
    return f"float32 follows float64; apart by {worst:.1g} of the gradient"


def descends(model: Model) -> str:
    """Steps against the gradient are to lower the loss, at one rate or another."""
    told = []
    for what, stage in stages(model, "float64"):
        start = stage.gradient()[0]
        ends = [end for end in (_descended(stage, rate) for rate in RATES) if np.isfinite(end)]
        if not ends or not min(ends) < start:
            raise Flaw(f"the loss grows at every rate, from {start:.3g} {what}: does the gradient have the wrong sign?")
        told.append(f"from {start:.3g} to {min(ends):.3g} {what}")
    return f"steepest descent goes {', '.join(told)}"


def _descended(stage: ModelStage, rate: float) -> float:
    theta = stage.arrays["theta"].copy()
    for _ in range(UPDATES):
        theta -= rate * stage.gradient(theta)[1]
        if not np.isfinite(theta).all():
            return np.inf
    return stage.gradient(theta)[0]


def outputs(model: Model) -> dict[str, list[Array]]:
    """Losses and gradients of every shape, by floating-point type."""
    with np.errstate(all="ignore"):  # with JIT off, NumPy would warn of what is looked at anyway
        found: dict[str, list[Array]] = {dtype: [] for dtype in DTYPES}
        for dtype in DTYPES:
            for _, stage in stages(model, dtype):
                loss, slope = stage.gradient()
                found[dtype].append(np.nan_to_num(np.concatenate([[loss, *stage.evaluate()], slope])))
        return found


def outputs_apart(outputs: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, float]:
    """How far outputs are from those without JIT, by floating-point type."""
    return {dtype: max(map(apart, outputs[dtype], plain[dtype])) for dtype in DTYPES}


CHECKS: Mapping[str, Callable[[Model], str]] = {
    "bounds": bounds,
    "deterministic": deterministic,
    "gradient": gradient,
    "rows": rows,
    "evaluate": evaluates,
    "precision": precision,
    "descends": descends,
}
