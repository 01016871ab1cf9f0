"""A small convolutional network on Fashion-MNIST: SGD steps of this project and of its peers, as findings."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

from . import rounds
from .child import Child
from .convolution_work import Convolution
from .finding import Finding
from .peers import Entry

OURS = Entry("convolution_sweepgd", "sweepgd", "sweepgd", "uv sync")
PEERS = (
    Entry("convolution_jax", "JAX scan", "jax", "uv sync --group bench"),
    Entry("convolution_torch", "PyTorch eager, channels last", "torch", "uv pip install torch==2.13.0"),
)
CASES = (Convolution(8), Convolution(32), Convolution(128))
SMALL = 32  # the largest batch of the stricter target for PyTorch


def measure(cases: tuple[Convolution, ...], count: int) -> Iterator[Finding]:
    """Measures the cases, `count` rounds each, yielding a finding a case and peer."""
    with ExitStack() as stack:
        entries = (OURS, *(entry for entry in PEERS if not entry.missing))
        children = {entry: stack.enter_context(closing(Child(entry.module))) for entry in entries}
        for case in cases:
            print(f"measuring {case} …", file=sys.stderr)
            timings = rounds.measure(case, children, count)
            own = timings[OURS.module]
            took = f"{own.step.median / case.batch:.0f} µs an image" if own.step else own.problem
            yield Finding(f"{case}: a step", own.step.median if own.step else None, "µs", note=took)
            for entry in PEERS:
                timing = timings.get(entry.module, rounds.Timing(problem="not installed"))
                least = 0.8 if entry.package == "torch" and case.batch > SMALL else 1.0
                ratio = timing.ratio(own)
                note = f"{ratio.low:.2f} to {ratio.high:.2f}" if ratio else timing.problem
                what = f"{case}: {entry.label} against sweepgd"
                yield Finding(what, ratio.median if ratio else None, "×", at_least=least, note=note)
