"""Adaptive SAM: the radius in each direction is proportional to the weight, so that rescaling layers does not change the
sharpness.
"""

from sweepgd.plugin import KIND, WEIGHT, Optimizer, Setting, extent, norm, rate, sgd


def probe(theta, gradient, slots, layout, hyper, learning_rate, t, point):
    """point ← θ + ρT²g/‖Tg‖, with T = |θ| + offset for weights, and T = 1 for biases as in the authors' code."""
    real = theta.dtype.type
    offset = real(hyper[1])
    for i in range(theta.size):
        point[i] = gradient[i]
    for row in range(layout.shape[0]):
        if layout[row, KIND] == WEIGHT:
            start, stop = extent(layout, row)
            for i in range(start, stop):
                point[i] = (abs(theta[i]) + offset) * gradient[i]
    length = norm(point, 0, theta.size)
    scale = real(hyper[0] / length if length > 0 else 0.0)
    for row in range(layout.shape[0]):
        start, stop = extent(layout, row)
        if layout[row, KIND] == WEIGHT:
            for i in range(start, stop):
                point[i] = theta[i] + scale * (abs(theta[i]) + offset) * point[i]
        else:
            for i in range(start, stop):
                point[i] = theta[i] + scale * point[i]


asam = Optimizer(
    name="asam",
    update=sgd.update,
    probe=probe,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="Kwon et al. 2021, ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning, algorithm 1",
    hyperparameters=(
        Setting("rho", 0.5, "radius of the neighbourhood, in units of T", low=0.1, high=5.0, log=True, minimum=0.0),
        Setting("offset", 0.01, "added to |θ| in T", low=1e-3, high=0.1, log=True, minimum=0.0),
    ),
    api_version=1,
)
