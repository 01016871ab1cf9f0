"""LARS: momentum whose rate for a weight matrix is proportional to the norm of the matrix / the norm of its gradient."""

from sweepgd.plugin import KIND, WEIGHT, Optimizer, Setting, extent, norm, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + ηr(g + λw); w ← w − v, with r = κ‖w‖/(‖g‖ + λ‖w‖) for weight matrices, and r = 1 and λ = 0 for biases."""
    real = theta.dtype.type
    beta, v = real(hyper[0]), slots[0]
    for row in range(layout.shape[0]):
        start, stop = extent(layout, row)
        trust, decay = 1.0, 0.0
        if layout[row, KIND] == WEIGHT:
            decay = hyper[2]
            size = norm(theta, start, stop)
            length = norm(gradient, start, stop) + decay * size
            # If all weights are zero, the ratio would keep the weights at zero.
            trust = hyper[1] * size / length if size > 0 and length > 0 else 1.0
        eta, penalty = real(learning_rate * trust), real(decay)
        for i in range(start, stop):
            velocity = beta * v[i] + eta * (gradient[i] + penalty * theta[i])
            v[i] = velocity
            theta[i] -= velocity


lars = Optimizer(
    name="lars",
    update=update,
    learning_rate=rate(1.0, 0.03, 30.0),
    paper="You, Gitman & Ginsburg 2017, Large Batch Training of Convolutional Networks, algorithm 1",
    hyperparameters=(
        Setting("beta", 0.9, "decay rate of the velocity", low=0.5, high=0.99, minimum=0.0, maximum=1.0, open_maximum=True),
        Setting("trust", 0.001, "κ, step of a layer relative to its norm", low=1e-4, high=0.1, log=True, minimum=0.0),
        Setting("weight_decay", 5e-4, "λ, applied to weights and not to biases", low=1e-5, high=0.01, log=True, minimum=0.0),
    ),
    slots=("velocity",),
    elementwise=False,
    api_version=1,
)
