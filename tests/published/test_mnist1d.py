"""MNIST-1D (Greydanus & Kobak 2024, arXiv 2011.14439): a linear model classifies 32 % of the test rows, an MLP 68 %.

Both are trained as in the paper: 6,000 updates of Adam at rate 0.01 with batches of 100, on the 4,000 training rows that the
package mnist1d generates.
"""

import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

data_module = pytest.importorskip("mnist1d.data", reason="mnist1d is not installed")


@pytest.fixture(scope="module")
def mnist1d():
    made = data_module.make_dataset()
    return data_of(made["x"], made["y"], classes=10, test=(made["x_test"], made["y_test"]), dtype="float32")


@pytest.mark.parametrize(
    ("model", "settings", "accuracy", "tolerance"),
    [("softmax", {}, 0.32, 0.01), ("mlp", {"hidden": [100, 100]}, 0.68, 0.02)],
    ids=["linear", "mlp"],
)
def test_the_published_accuracy(mnist1d, model, settings, accuracy, tolerance):
    given = configuration("adam", learning_rate=1e-2, batch_size=100)
    run = training(
        given, mnist1d, model_for(mnist1d, model, **settings), updates=6000, eval_every=10_000, dtype="float32"
    ).run()
    assert run.outcome.status == "completed"
    last = np.mean([1 - point.test_error for point in run.points[-20:]])
    assert last == pytest.approx(accuracy, abs=tolerance)
