"""The evaluation counts its calls in a slot."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


def evaluation(theta, slots, layout, hyper, t, point):
    slots[0, 0] += 1
    point[:] = theta


restless = Optimizer(
    name="restless",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    slots=("count",),
    evaluation=evaluation,
)
