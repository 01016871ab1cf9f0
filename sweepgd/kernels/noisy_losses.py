"""A quadratic loss whose gradient has normal noise. A batch with more rows has less noise (Zhang et al. 2019).

`settings`, (2 · parameters,), holds the curvatures h of all parameters, and then the standard deviations √c of the noise of a
single row.
"""

import numpy as np

from sweepgd.kernels.analytic_losses import no_error, quadratic_loss
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.normal_numbers import next_normal, stream_of


@helper
def exact_gradient(theta, settings, out):
    for i in range(theta.size):
        out[i] = settings[i] * theta[i]


def noisy_quadratic_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the exact loss ½ Σ hᵢθᵢ², and write its gradient hᵢθᵢ to `out`.

    In training, the noise √(cᵢ/B)·N(0, 1) of a batch of B rows is added to the gradient. The noise depends on the key and on B,
    but not on the rows of the batch. A second gradient with the same key and B has the same noise.
    """
    exact_gradient(theta, settings, out)
    if training:
        counter, share = stream_of(key), 1.0 / np.sqrt(np.float64(rows.size))
        for i in range(theta.size):
            number, counter = next_normal(counter)
            out[i] += share * settings[theta.size + i] * number
    return quadratic_loss(theta, settings)


def noisy_quadratic_evaluate(theta, buffers, inputs, targets, layout, settings, work):
    return no_error(quadratic_loss(theta, settings))


def noisy_quadratic_evaluate_with_gradient(theta, buffers, inputs, targets, layout, settings, work, out):
    """Return the loss, and write its gradient without noise to `out`. Loss and gradient do not depend on the rows."""
    exact_gradient(theta, settings, out)
    return no_error(quadratic_loss(theta, settings))


def noisy_quadratic_product(
    theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out
):
    exact_gradient(direction, settings, out)
