"""Runs of linear regression on ten rows in their order, and the same descent in plain NumPy."""

from itertools import pairwise

import naive
import numpy as np
from run_builders import configuration, data_of, in_order, model_for, training

from sweepgd.core.layout import tensors_in

RNG = np.random.default_rng(5)
TEN = data_of(RNG.normal(size=(10, 3)), RNG.normal(size=10), validation=(RNG.normal(size=(6, 3)), RNG.normal(size=6)))
LINEAR = model_for(TEN, "linear")
IN_ORDER = in_order(10)
START = np.array([0.5, -1.0, 0.3, 0.1])
GROWTH = {"after": 1, "every": 1, "factor": 2.0, "limit": 0}


def batches(lengths, rows):
    """Consecutive slices of the rows."""
    return [rows[start:stop] for start, stop in pairwise(np.cumsum([0, *lengths]))]


def naive_loss_and_gradient(weights, rows):
    tensors = tensors_in(weights, LINEAR.layout)
    return naive.network(tensors, TEN.train.inputs[rows], TEN.train.targets[rows], "relu", "squared")


def naive_descent(epochs, rate, penalty=0.0):
    """SGD over the mini-batch lengths of each epoch; `penalty` is that of weights alone."""
    w = START
    for lengths in epochs:
        for batch in batches(lengths, np.arange(10)):
            w = w - rate * (naive_loss_and_gradient(w, batch)[1] + penalty * w * [1, 1, 1, 0])
    return w


def run_of(*, batch_size=3, learning_rate=0.1, optimizer="sgd", order=IN_ORDER, initial=START, **others):
    """Linear regression on ten rows in their order, with the initial parameters START."""
    own = {"schedule", "batch_schedule", "batch_schedule_settings", "warmup", "weight_decay", "hyperparameters"}
    own |= {"schedule_settings", "schedule_after_warmup"}
    given = {name: others.pop(name) for name in own & set(others)}
    chosen = configuration(optimizer, batch_size=batch_size, learning_rate=learning_rate, **given)
    return training(chosen, TEN, LINEAR, order=order, initial=initial, **others)


def column(run, name):
    return [getattr(point, name) for point in run.points]
