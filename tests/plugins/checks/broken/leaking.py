"""Does not cast its momentum to float32."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        velocity = 0.9 * slots[0, i] + gradient[i]
        slots[0, i] = velocity
        theta[i] -= theta.dtype.type(velocity) * eta


leaking = Optimizer(
    name="leaking",
    update=update,
    learning_rate=rate(0.01, 1e-3, 0.1),
    paper="none",
    slots=("velocity",),
)
