"""t⁴⁰ overflows 64 bits in the third update; Python integers do not overflow."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    age = t**40
    for i in range(lo, hi):
        theta[i] -= theta.dtype.type(learning_rate * (1.0 + age / 1e19)) * gradient[i]


overflowing = Optimizer(
    name="overflowing",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
