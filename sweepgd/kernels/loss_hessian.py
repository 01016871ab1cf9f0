"""First and second derivatives of the losses with respect to a network's outputs z.

Each loss is the negative log-likelihood of a distribution over targets (Gaussian with unit variance, Bernoulli, categorical)
with z as natural parameters. The gradient of the loss is the mean of the distribution minus the target. The Hessian of the loss
is the covariance of the distribution, which does not depend on the target (Martens 2020, section 9). For softmax, z is first
replaced by the probabilities.
"""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.exponential import exponentials
from sweepgd.kernels.losses import BINARY, SQUARED


@helper
def to_probabilities(z):
    """z ← softmax(z), row by row."""
    for i in range(z.shape[0]):
        largest = z[i, 0]
        for j in range(1, z.shape[1]):
            largest = max(largest, z[i, j])
        for j in range(z.shape[1]):
            z[i, j] -= largest
    exponentials(z, 0, z.size)
    for i in range(z.shape[0]):
        total = 0.0
        for j in range(z.shape[1]):
            total += np.float64(z[i, j])
        share = z.dtype.type(1.0 / total)
        for j in range(z.shape[1]):
            z[i, j] *= share


@helper
def residuals(z, y, loss, scale, delta):
    """delta ← scale·(mean − target), (rows, outputs), the derivative of the loss with respect to z."""
    for i in range(z.shape[0]):
        if loss == SQUARED:
            for j in range(z.shape[1]):
                delta[i, j] = (z[i, j] - y[i, j]) * scale
        elif loss == BINARY:
            delta[i, 0] = (1.0 / (1.0 + np.exp(-np.float64(z[i, 0]))) - np.float64(y[i, 0])) * scale
        else:
            for j in range(z.shape[1]):
                delta[i, j] = z[i, j] * scale
            label = int(y[i, 0])
            delta[i, label] = (z[i, label] - z.dtype.type(1)) * scale


@helper
def variance(logit):
    """Return p(1 − p) with p = 1/(1 + e^−logit), at full precision even for large logits."""
    e = np.exp(-abs(np.float64(logit)))
    return e / ((1.0 + e) * (1.0 + e))


@helper
def times_covariance(z, loss, scale, r, out):
    """out ← scale·C·r, row by row, with C the covariance at z."""
    for i in range(z.shape[0]):
        if loss == SQUARED:
            for j in range(z.shape[1]):
                out[i, j] = scale * r[i, j]
        elif loss == BINARY:
            out[i, 0] = scale * z.dtype.type(variance(z[i, 0])) * r[i, 0]
        else:
            # C·r does not change if a constant is subtracted from r. The constant is the entry of the most likely class, whose
            # p may round to 1. The mean is then a sum of small terms of the other classes, so that no digits are lost. The
            # difference is stored first, because in a single expression the compiler could add the mean to the entry before the
            # subtraction.
            top, mean = 0, z.dtype.type(0)
            for j in range(1, z.shape[1]):
                if z[i, j] > z[i, top]:
                    top = j
            for j in range(z.shape[1]):
                out[i, j] = r[i, j] - r[i, top]
                mean += z[i, j] * out[i, j]
            for j in range(z.shape[1]):
                out[i, j] = scale * z[i, j] * (out[i, j] - mean)


@helper
def covariance_factors(loss, outputs):
    """Return the number of vectors that `covariance_factor` computes."""
    return 1 if loss == BINARY else outputs


@helper
def covariance_factor(z, loss, number, scale, delta):
    """delta ← scale·v, where v is vector `number` of the vectors with Σ vvᵀ = C, the covariance at z. The vectors are unit
    vectors (squared error), √(p(1 − p)) (binary) or √p_c·(p − e_c) (softmax).
    """
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        if loss == BINARY:
            delta[i, 0] = z.dtype.type(np.sqrt(variance(z[i, 0]))) * scale
        elif loss == SQUARED:
            for j in range(z.shape[1]):
                delta[i, j] = scale if j == number else zero
        else:
            factor, others = scale * np.sqrt(z[i, number]), zero
            for j in range(z.shape[1]):
                delta[i, j] = factor * z[i, j]
                others += delta[i, j] if j != number else zero
            delta[i, number] = -others  # factor·(p_c − 1), which keeps its digits if p_c rounds to 1
