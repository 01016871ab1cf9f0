"""The time of a step, compared with the steps of sgd and adam."""

from time import perf_counter

import numpy as np

from sweepgd.core.aligned_arrays import aligned
from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of, parameter_count
from sweepgd.kernels import signatures
from sweepgd.optimizers import Optimizer, slot_matrix
from sweepgd.optimizers.adam import adam
from sweepgd.optimizers.sgd import sgd
from sweepgd.plugins.checks.step_harness import defaults, search_range

# A network 784-128-10 with 101,770 parameters. It is so large that the overhead of a call, about 1 µs, is negligible.
LAYOUT = layout_of(
    [
        Tensor((784, 128), WEIGHT, 784, 128),
        Tensor((128,), BIAS, 784, 128),
        Tensor((128, 10), WEIGHT, 128, 10),
        Tensor((10,), BIAS, 128, 10),
    ]
)
ROUNDS = 5
ROUND_SECONDS = 0.01
# The ratio to the time of Adam's step above which the cause is usually not arithmetic. For example, Yogi was 13 times slower
# because of float64 numbers, and because it read values back after it had stored them.
SLOW = 4.0


def cost(optimizer: Optimizer) -> str:
    """Report the time of a step. A slow step matters with small batches. A slow step is not a fault, because a better step may
    be worth the time.
    """
    own, plain, adaptive = (nanoseconds(rule) for rule in (optimizer, sgd, adam))
    hint = "; cast numbers with theta.dtype.type, and do not read stored values back" if own > SLOW * adaptive else ""
    return f"{own:.2g} ns per parameter and step in float32; sgd {plain:.2g}, adam {adaptive:.2g}{hint}"


def nanoseconds(optimizer: Optimizer) -> float:
    """Return the time of an update per parameter in ns, as the median of 5 rounds. The time includes the probe, but not the
    gradient at the probed point.
    """
    size = parameter_count(LAYOUT)
    theta, gradient, point = (aligned((size,), "float32") for _ in range(3))
    theta[:], gradient[:] = np.random.default_rng(0).normal(size=(2, size))
    slots, hyper = slot_matrix(optimizer, LAYOUT, "float32"), optimizer.hyper(defaults(optimizer))
    rate, end = search_range(optimizer)[0], np.uint64(size)
    update = signatures.entry("update", optimizer.update, "float32")
    probe = signatures.entry("probe", optimizer.probe, "float32") if optimizer.probe else None
    t, taken = 0, []
    for _ in range(ROUNDS):
        steps, start = 0, perf_counter()
        while steps == 0 or perf_counter() - start < ROUND_SECONDS:
            t, steps = t + 1, steps + 1
            if probe:
                probe(theta, gradient, slots, LAYOUT, hyper, rate, t, point)
            update(theta, gradient, slots, LAYOUT, hyper, rate, t, np.uint64(0), end)
        taken.append((perf_counter() - start) / steps)
    return float(np.median(taken)) / size * 1e9
