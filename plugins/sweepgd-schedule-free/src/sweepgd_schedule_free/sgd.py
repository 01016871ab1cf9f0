"""Schedule-free SGD: gradients are computed between the fast weights and their average, at which runs are evaluated."""

from sweepgd.plugin import Optimizer, parameter_count, rate
from sweepgd_schedule_free.average import BETA, FAST, SCALARS, evaluation, share


def slots(layout):
    """Return two slots: the fast weights, and two numbers (the largest rate so far and the sum of averaging weights)."""
    return {"fast": parameter_count(layout), "scalars": 2}


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """z′ ← z − ηg and x ← (1 − c)x + cz′. For θ = y, this gives y ← (1 − c)(y − (1 − β)z) + (1 − β(1 − c))z′."""
    real = theta.dtype.type
    z = slots[FAST]
    if t == 1:
        z[: theta.size] = theta
    c = share(slots[SCALARS], learning_rate)
    eta, rest = real(learning_rate), real(1.0 - hyper[0])
    old, new = real(1.0 - c), real(1.0 - hyper[0] * (1.0 - c))
    for i in range(theta.size):
        fast = z[i] - eta * gradient[i]
        theta[i] = old * (theta[i] - rest * z[i]) + new * fast
        z[i] = fast


schedule_free_sgd = Optimizer(
    name="schedule_free_sgd",
    update=update,
    evaluation=evaluation,
    learning_rate=rate(1.0, 0.01, 10.0),
    paper="Defazio et al. 2024, The Road Less Scheduled, eq. 3 to 5, averaged with weights η²",
    hyperparameters=(BETA,),
    slots=slots,
    elementwise=False,
    api_version=1,
)
