"""A published run repeated from its own random numbers: gradient descent, momentum and Adam on moons.

The course exercise "Optimization methods" (deeplearning.ai): 300 moons, layers 2-5-2-1, learning rate 7e-4, batches of
64. The cost printed is that of an epoch's last mini-batch. The figures below were checked in plain float64 NumPy.
"""

from itertools import pairwise

import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

EPOCHS = 10_000
WIDTHS = (2, 5, 2, 1)


def moons():
    from sklearn.datasets import make_moons

    inputs, labels = make_moons(300, noise=0.2, random_state=3)
    return data_of(inputs, labels, classes=2)


def initial_weights() -> np.ndarray:
    """He's rule as the exercise draws it: a layer's matrix has shape (outputs, inputs), and ours is its transpose."""
    draw = np.random.RandomState(3)
    tensors = []
    for fan_in, fan_out in pairwise(WIDTHS):
        tensors += [(draw.randn(fan_out, fan_in) * np.sqrt(2 / fan_in)).T.ravel(), np.zeros(fan_out)]
    return np.concatenate(tensors)


def permutation(epoch: int) -> np.ndarray:
    return np.random.RandomState(11 + epoch).permutation(300)


@pytest.mark.parametrize(
    ("optimizer", "hyperparameters", "costs", "tolerance", "accuracy"),
    [
        ("sgd", {}, (0.690736, 0.685273, 0.607243, 0.464518), 1e-6, 0.79667),
        ("momentum_average", {"beta": 0.9}, (0.690741, 0.685341, 0.607324, 0.464740), 1e-6, 0.79667),
        ("adam", {"epsilon": 0.0, "epsilon_root": 1e-8}, (0.690552, 0.185501, 0.104344, 0.197940), 1e-5, 0.94),
        ("adam", {"epsilon": 1e-8}, (None, 0.185567, 0.104235, 0.197648), 1e-5, 0.94),
    ],
    ids=["sgd", "momentum_average", "adam-epsilon-under-the-root", "adam-epsilon-beside-the-root"],
)
def test_the_published_costs(optimizer, hyperparameters, costs, tolerance, accuracy):
    data = moons()
    run = training(
        configuration(optimizer, hyperparameters, learning_rate=7e-4, batch_size=64),
        data,
        model_for(data, "mlp", hidden=[5, 2]),
        initial=initial_weights(),
        order=permutation,
        epochs=EPOCHS,
    ).run()
    ends = run.points[1:]
    assert [point.epoch for point in ends[:2]] == [1, 2]
    for epoch, cost in zip((0, 1000, 5000, 9000), costs, strict=True):
        if cost is not None:
            assert ends[epoch].batch_loss == pytest.approx(cost, abs=tolerance)
    assert 1 - ends[-1].train_error == pytest.approx(accuracy, abs=5e-6)
