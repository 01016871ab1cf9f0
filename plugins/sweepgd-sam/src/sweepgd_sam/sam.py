"""Sharpness-aware minimization: SGD whose gradient is computed at the nearby weights with the highest loss."""

from sweepgd.plugin import Optimizer, Setting, norm, rate, sgd


def probe(theta, gradient, slots, layout, hyper, learning_rate, t, point):
    """point ← θ + ρg/‖g‖, which to first order has the highest loss within the distance ρ."""
    length = norm(gradient, 0, theta.size)
    scale = theta.dtype.type(hyper[0] / length if length > 0 else 0.0)
    for i in range(theta.size):
        point[i] = theta[i] + scale * gradient[i]


sam = Optimizer(
    name="sam",
    update=sgd.update,
    probe=probe,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, algorithm 1",
    hyperparameters=(Setting("rho", 0.05, "radius of the neighbourhood", low=0.01, high=0.5, log=True, minimum=0.0),),
    api_version=1,
)
