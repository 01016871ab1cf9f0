"""Studies of SGD on the noisy quadratic model: simulated with the trainer's own noise, and in expectation, by the recursion."""

import naive
import numba
import numpy as np
import pyarrow as pa
from study_tables import Tables, run

from sweepgd.analysis.batch_size.target_level import Target
from sweepgd.kernels.normal_numbers import next_normal, stream_of
from sweepgd.record import CURVES, TRIALS
from sweepgd.training.start import kernel_key

DIMENSION, SAMPLES, EVERY = 20, 16384, 64
CURVATURES = VARIANCES = 1 / np.arange(1.0, DIMENSION + 1)
TARGET = Target("train_loss", 0.02)
SIZES = tuple(2**power for power in range(10))
# Beyond 2/λmax = 2 a run diverges.
RATES = (2.4, *(1.8 * 2 ** (-step / 2) for step in range(16)))


@numba.njit
def descend(key, size, rate, at):
    """The losses ½Σhᵢθᵢ² after `at` updates (ascending, from 0) of a run whose kernels have this key, (evaluations,)."""
    theta, losses, place = np.ones(DIMENSION), np.empty(at.size), 0
    scale = 1 / np.sqrt(np.float64(size))
    for t in range(1, at[-1] + 2):
        if t - 1 == at[place]:
            losses[place] = 0.0
            for i in range(DIMENSION):
                losses[place] += 0.5 * CURVATURES[i] * theta[i] ** 2
            place += 1
        counter = stream_of(key + t)
        for i in range(DIMENSION):
            number, counter = next_normal(counter)
            theta[i] -= rate * (CURVATURES[i] * theta[i] + scale * np.sqrt(VARIANCES[i]) * number)
    return losses


def evaluations(size, samples=SAMPLES):
    """The updates after which a run is evaluated, with `eval_every = EVERY` and a budget in samples, that sizes divide."""
    return np.arange(0, samples // size + 1, max(1, EVERY // size))


def simulated(seed, replicates=16, sizes=SIZES, rates=RATES):
    """A grid of sizes and rates, with `replicates` seeds from `seed` on, shared by all configurations."""
    keys = [kernel_key(seed + replicate) for replicate in range(replicates)]
    return _tables(sizes, rates, lambda size, rate, at: [descend(key, size, rate, at) for key in keys])


def expected(sizes=SIZES, rates=RATES, beta=0.0):
    """The same grid in expectation, with momentum β: one replicate, whose losses are those of the recursion."""

    def losses(size, rate, at):
        with np.errstate(over="ignore", invalid="ignore"):
            squares = naive.noisy_quadratic_squares(CURVATURES, VARIANCES, size, rate, at[-1], 1.0, beta)
            return [squares[at] @ CURVATURES / 2]

    return _tables(sizes, rates, losses)


def _tables(sizes, rates, losses):
    recorded, points = [], []
    for trial, (size, rate) in enumerate((size, rate) for size in sizes for rate in rates):
        at = evaluations(size)
        for replicate, curve in enumerate(losses(size, rate, at)):
            final = float(curve[-1]) if np.isfinite(curve).all() and curve.max() < 1e4 else None
            columns = {"batch_size": size, "learning_rate": rate, "validation_loss": None, "train_loss": final}
            recorded.append(run(trial, final, replicate, **columns))
            given = {"trial": np.full(len(at), trial), "replicate": np.full(len(at), replicate), "update": at}
            given |= {"samples": at * size, "epoch": at * size / SAMPLES, "seconds": at * 1e-6 * (4 + size / 8)}
            given |= {"train_loss": curve}
            points.append(pa.table({name: pa.array(values).cast(CURVES.field(name).type) for name, values in given.items()}))
    return Tables(pa.Table.from_pylist(recorded, schema=TRIALS), curves=pa.concat_tables(points, promote_options="default"))
