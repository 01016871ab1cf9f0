"""Loss, gradient and Hessian products of analytic functions without data.

The parameters are a point, and an update is a step from this point. The output of the model is the point itself, so the
Gauss-Newton matrix equals the Hessian.
"""

import numpy as np

from sweepgd.kernels.compiling import helper


@helper
def no_error(value):
    """Return the loss, and NaN as the error, because nothing is classified."""
    return value, np.nan


@helper
def quadratic_loss(theta, settings):
    total = 0.0
    for i in range(theta.size):
        total += 0.5 * settings[i] * np.float64(theta[i]) ** 2
    return total


def quadratic_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return f(x) = ½ Σ λᵢxᵢ², with the curvatures λ in `settings`, and write its gradient to `out`."""
    for i in range(theta.size):
        out[i] = settings[i] * theta[i]
    return quadratic_loss(theta, settings)


def quadratic_product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    for i in range(theta.size):
        out[i] = settings[i] * direction[i]


def quadratic_evaluate(theta, buffers, inputs, targets, layout, settings, work):
    return no_error(quadratic_loss(theta, settings))


@helper
def rosenbrock_loss(theta, settings):
    x, y = np.float64(theta[0]), np.float64(theta[1])
    return (1.0 - x) ** 2 + settings[0] * (y - x * x) ** 2


def rosenbrock_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return f(x, y) = (1 − x)² + b(y − x²)², with b in `settings`, and write its gradient to `out`. The minimum is f(1, 1) =
    0.
    """
    x, y = np.float64(theta[0]), np.float64(theta[1])
    slope = 2.0 * settings[0] * (y - x * x)
    out[0] = -2.0 * (1.0 - x) - 2.0 * x * slope
    out[1] = slope
    return rosenbrock_loss(theta, settings)


def rosenbrock_product(
    theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out
):
    x, y = np.float64(theta[0]), np.float64(theta[1])
    mixed = -4.0 * settings[0] * x
    out[0] = (2.0 - 4.0 * settings[0] * (y - 3.0 * x * x)) * direction[0] + mixed * direction[1]
    out[1] = mixed * direction[0] + 2.0 * settings[0] * direction[1]


def rosenbrock_evaluate(theta, buffers, inputs, targets, layout, settings, work):
    return no_error(rosenbrock_loss(theta, settings))


@helper
def saddle_loss(theta):
    x, y = np.float64(theta[0]), np.float64(theta[1])
    return 0.5 * x * x - 0.5 * y * y + 0.25 * y**4


def saddle_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return f(x, y) = ½x² − ½y² + ¼y⁴, and write its gradient to `out`.

    f has a saddle at the origin and minima of −¼ at (0, ±1). The quartic term bounds f from below, so that a path from the
    saddle ends in a minimum and does not diverge.
    """
    x, y = np.float64(theta[0]), np.float64(theta[1])
    out[0] = x
    out[1] = y**3 - y
    return saddle_loss(theta)


def saddle_product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    out[0] = direction[0]
    out[1] = (3.0 * np.float64(theta[1]) ** 2 - 1.0) * direction[1]


def saddle_evaluate(theta, buffers, inputs, targets, layout, settings, work):
    return no_error(saddle_loss(theta))
