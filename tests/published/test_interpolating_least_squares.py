"""SGD on least squares that can be interpolated (Ma, Bassily & Belkin 2018, arXiv 1712.06559).

With the rate η(m) = m/(tr H + (m − 1)λ₁), an update of m ≤ m* = tr H/λ₁ rows does as much as nearly m updates of one row, and
an update of more rows does nearly as much as one of all rows: within a factor of 2 each.
"""

import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

# Curvatures of 7 inputs, of the bias, and of 8 more inputs: tr H = 8.8, and λ₁ = 1.
CURVATURES = np.repeat([1.0, 0.1], 8)
CRITICAL = CURVATURES.sum() / CURVATURES.max()
ROWS, SEEDS, GOAL = 4096, 4, 1e-3


def rate(rows):
    return rows / (CURVATURES.sum() + (rows - 1) * CURVATURES.max())


def updates_of(batch):
    """The mean number of updates until the loss is below GOAL of the initial one."""
    rng = np.random.default_rng(0)
    # Signs, so that every row has the same norm: √tr H.
    signs = rng.choice([-1.0, 1.0], (ROWS, len(CURVATURES)))
    signs[:, 7] = 1.0
    features = signs * np.sqrt(CURVATURES)
    data = data_of(np.delete(features, 7, axis=1), features.sum(axis=1))
    model = model_for(data, "linear", init="zero")
    given = configuration(learning_rate=rate(batch), batch_size=batch)
    found = []
    for seed in range(SEEDS):
        run = training(given, data, model, seed=seed, updates=300, eval_every=batch).run()
        losses = [point.train_loss for point in run.points]
        found.append(int(np.argmax(np.array(losses) < GOAL * losses[0])))
    assert min(found) > 0
    return np.mean(found)


def expected_updates(batch):
    """The same number from the recursion of E(wᵢ − wᵢ*)² for rows drawn with replacement."""
    squares, losses = np.ones(len(CURVATURES)), []
    while not losses or losses[-1] >= GOAL * losses[0]:
        losses.append(CURVATURES @ squares)
        noise = (CURVATURES * losses[-1] - CURVATURES**2 * squares) / batch
        squares = (1 - rate(batch) * CURVATURES) ** 2 * squares + rate(batch) ** 2 * noise
    return len(losses) - 1


def test_batches_up_to_m_star_act_like_single_rows_and_larger_ones_like_all_rows():
    found = {batch: updates_of(batch) for batch in (1, 4, 8, 16, 64, ROWS)}
    for batch, updates in found.items():
        limit = found[1] / batch if batch <= CRITICAL else found[ROWS]
        assert updates < 2 * limit
        assert updates == pytest.approx(expected_updates(batch), rel=0.12)
    # Far above m*, most of the rows are wasted.
    assert found[64] * 64 > 6 * found[1]
