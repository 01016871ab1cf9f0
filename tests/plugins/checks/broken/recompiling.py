"""Compiles a function at the start of every run."""

from numba import njit, objmode

from sweepgd.optimizers import Optimizer, rate


def compile_anew():
    njit(lambda: 0)()


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    if t == 1:
        with objmode():
            compile_anew()
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i]


recompiling = Optimizer(
    name="recompiling",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
