"""The probe writes only every second number of the point."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


def probe(theta, gradient, slots, layout, hyper, learning_rate, t, point):
    for i in range(0, theta.size, 2):
        point[i] = theta[i] + gradient[i]


half = Optimizer(
    name="half",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    probe=probe,
)
