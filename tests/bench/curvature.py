"""The cost of λmax and Hessian products, relative to PyHessian and JAX, to a gradient, and to the training."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

from sweepgd.curvature.catalogue import settings_of

from . import rounds
from .child import Child
from .finding import Finding
from .minimum import RESIDUAL, STEP, Minimum, minimiser
from .peers import OURS, PEERS, Entry
from .rounds import Spread, Timing
from .work import Case

LAMBDA = Entry("lambda_sweepgd", "sweepgd", "sweepgd", "uv sync")
JAX = (
    Entry("lambda_jax", "JAX, jvp of the gradient", "jax", "uv sync --group bench"),
    Entry("lambda_jax_linearize", "JAX, linearize", "jax", "uv sync --group bench"),
)
PYHESSIAN = Entry("lambda_pyhessian", "PyHessian", "pyhessian", "uv pip install torch==2.13.0 pyhessian==0.1")
GRADIENT = Entry("gradient_sweepgd", "a gradient", "sweepgd", "uv sync")
PRODUCT = Entry("product_sweepgd", "a Hessian product", "sweepgd", "uv sync")

WORKS = ("digits", "fashion")
EPOCHS = 20


def measure(works: tuple[str, ...], count: int, times_jax: float) -> Iterator[Finding]:
    """The findings of each work, `count` rounds each."""
    for work in works:
        minimum = Minimum(work, minimiser(work))
        timings = _timings(minimum, (LAMBDA, *JAX, PYHESSIAN), count)
        ours = timings[LAMBDA.module]
        # Of JAX' two ways the better one: it depends on what the compiler takes out of the loop by itself.
        measured = [timings[entry.module] for entry in JAX if timings[entry.module].step]
        jax = min(measured, key=lambda timing: timing.step.median, default=timings[JAX[0].module])
        for name, method, theirs, least in (
            ("JAX", f"jit of Lanczos, to an estimated residual of {RESIDUAL:g}", jax, times_jax),
            ("PyHessian", f"power iteration, to a step of {STEP:g}", timings[PYHESSIAN.module], None),
        ):
            what = f"{minimum}: λmax in {name} ({method}) against the measure here (residual ≤ {RESIDUAL:g}, recorded)"
            yield _ratio(what, theirs, ours, at_least=least)
        timings = _timings(minimum, (PRODUCT, GRADIENT), count)
        what = f"{minimum}: a Hessian product against a gradient"
        yield _ratio(what, timings[PRODUCT.module], timings[GRADIENT.module], at_most=2.5)
    if "digits" in works:
        yield from _against_training(count)


def _against_training(count: int) -> Iterator[Finding]:
    """λmax over the rows that are usual against all updates of a digits trial."""
    case = Case("digits", 32, "sgd")
    tolerance = settings_of("lambda_max", {})["tolerance"]
    ours = _timings(Minimum("digits", minimiser("digits"), rows=512, tolerance=tolerance), (LAMBDA,), count)[LAMBDA.module]
    with closing(Child(OURS)) as child:
        steps = rounds.measure(case, {PEERS[0]: child}, count)[OURS]
    trial = Timing(samples=tuple(EPOCHS * case.updates * step for step in steps.samples), problem=steps.problem)
    yield _ratio(f"digits: λmax over 512 rows against {EPOCHS} epochs at batch 32", ours, trial, at_most=1.0)


def _timings(minimum: Minimum, entries: tuple[Entry, ...], count: int) -> dict[str, Timing]:
    print(f"measuring {minimum} …", file=sys.stderr)
    absent = {entry.module: Timing(problem=f"missing: {entry.install}") for entry in entries if entry.missing}
    with ExitStack() as stack:
        children = {entry: stack.enter_context(closing(Child(entry.module))) for entry in entries if not entry.missing}
        return absent | rounds.measure(minimum, children, count)


def _ratio(what: str, over: Timing, under: Timing, at_least: float | None = None, at_most: float | None = None) -> Finding:
    """Return the ratio of two times as a finding, with both times as its note."""
    spread = over.ratio(under)
    if spread is None:
        return Finding(what, None, "×", at_least, at_most, over.problem or under.problem)
    note = f"{spread.low:.2f} to {spread.high:.2f}; {_milliseconds(over)} and {_milliseconds(under)} ms"
    return Finding(what, spread.median, "×", at_least, at_most, note)


def _milliseconds(timing: Timing) -> str:
    return f"{Spread.of(timing.samples).median / 1000:.3g}"
