"""Schedule-free SGD: gradients are taken between the fast weights and their average, which is judged."""

from sweepgd.layout import SIZE
from sweepgd.optimizers.contract import Optimizer, rate
from sweepgd.setting import Setting

LARGEST_RATE, TOTAL = range(2)


def slots(layout):
    """The fast weights z; the largest rate so far and the sum of the average's weights."""
    return {"fast": int(layout[:, SIZE].sum()), "scalars": 2}


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ is y = (1 − β)z + βx. z ← z − ηg; x ← (1 − c)x + cz, with c = η²/Ση² of the largest rates so far."""
    real = theta.dtype.type
    z, scalars = slots[0], slots[1]
    if t == 1:
        z[:] = theta
    scalars[LARGEST_RATE] = max(scalars[LARGEST_RATE], real(learning_rate))
    weight = scalars[LARGEST_RATE] * scalars[LARGEST_RATE]
    scalars[TOTAL] += weight
    c = weight / scalars[TOTAL] if scalars[TOTAL] > 0 else real(0)
    eta, beta, one = real(learning_rate), real(hyper[0]), real(1)
    for i in range(theta.size):
        x = (theta[i] - (one - beta) * z[i]) / beta
        z[i] -= eta * gradient[i]
        x = (one - c) * x + c * z[i]
        theta[i] = (one - beta) * z[i] + beta * x


def evaluation(theta, slots, layout, hyper, t, point):
    """The average x."""
    beta, one = theta.dtype.type(hyper[0]), theta.dtype.type(1)
    z = slots[0]
    for i in range(theta.size):
        point[i] = theta[i] if t == 0 else (theta[i] - (one - beta) * z[i]) / beta


schedule_free = Optimizer(
    name="schedule_free",
    update=update,
    evaluation=evaluation,
    learning_rate=rate(1.0, 0.01, 10.0),
    paper="Defazio et al. 2024, The Road Less Scheduled, eq. 3 to 5, averaged with weights η²",
    hyperparameters=(Setting("beta", 0.9, "share of the average in the weights of the gradient", minimum=0.01, maximum=1.0),),
    slots=slots,
    elementwise=False,
)
