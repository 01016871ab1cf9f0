"""Shared code of both rules. θ is y = (1 − β)z + βx, with fast weights z and their average x. Runs are evaluated at x."""

from sweepgd.plugin import Setting, helper

FAST, SCALARS, SQUARES = range(3)
LARGEST_RATE, TOTAL = range(2)

BETA = Setting("beta", 0.9, "share of the average x in y", low=0.5, high=0.99, minimum=0.01, maximum=1.0)


@helper
def share(scalars, learning_rate):
    """Return the weight c = η²/Ση² of the new z in the average x ← (1 − c)x + cz. η is the largest rate up to an update."""
    largest = max(float(scalars[LARGEST_RATE]), learning_rate)
    weight = largest * largest
    total = scalars[TOTAL] + weight
    scalars[LARGEST_RATE], scalars[TOTAL] = largest, total
    return weight / total if total > 0 else 0.0


def evaluation(theta, slots, layout, hyper, t, point):
    """point ← x = (y − (1 − β)z)/β. Before the first update, x, y and z are equal."""
    real = theta.dtype.type
    beta, rest = real(hyper[0]), real(1.0 - hyper[0])
    z = slots[FAST]
    for i in range(theta.size):
        point[i] = theta[i] if t == 0 else (theta[i] - rest * z[i]) / beta
