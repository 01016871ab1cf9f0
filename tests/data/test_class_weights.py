"""Class weights: the rows that an epoch draws, descent of the weighted loss, and refused weights."""

import naive
import numpy as np
import pytest
from linear_sweep import sweep
from run_builders import configuration, data_of, model_for, taken, training

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import tensors_in
from sweepgd.data import DataSpec
from sweepgd.data.class_weights import row_weights
from sweepgd.data.prepare import prepare
from sweepgd.training.batches import row_orders
from sweepgd.training.sweep_context import SweepContext

LABELS = np.repeat([0, 1, 2], [70, 25, 5])
INPUTS = np.random.default_rng(0).normal(size=(100, 2)) + LABELS[:, None]
DATA = data_of(INPUTS, LABELS, classes=3)


def weights(class_weights) -> np.ndarray:
    return row_weights(DataSpec(name="wine", class_weights=class_weights), DATA)


def test_sampling_probabilities():
    balanced = weights("balanced")
    assert [balanced[label == LABELS].sum() for label in range(3)] == pytest.approx([1 / 3] * 3)
    given = weights({"2": 4.0, "0": 0.5})
    assert given[LABELS == 2][0] / given[LABELS == 1][0] == pytest.approx(4)
    assert given[LABELS == 0][0] / given[LABELS == 1][0] == pytest.approx(0.5)
    assert given.sum() == pytest.approx(1)
    assert weights(None) is None


def test_an_epoch_draws_rows_by_their_probability():
    probabilities = weights("balanced")
    order = row_orders(100, 3, "epoch", probabilities)
    assert order(0).tolist() == order(0).tolist() != order(1).tolist()
    drawn = np.bincount(np.concatenate([order(epoch) for epoch in range(1000)]), minlength=100) / 1000
    # Each count is binomial over 100 draws; this is the standard deviation of its mean over 1,000 epochs.
    spread = np.sqrt(100 * probabilities * (1 - probabilities) / 1000)
    assert (np.abs(drawn - 100 * probabilities) < 4.5 * spread).all()
    once = row_orders(100, 3, "once", probabilities)
    assert once(0).tolist() == once(5).tolist() == order(0).tolist()


def weighted_loss(tensors, probabilities) -> float:
    logits = naive.outputs(tensors, INPUTS, "relu")[-1]
    return float(-(probabilities * np.log(naive.probabilities(logits)[np.arange(100), LABELS])).sum())


def test_the_mean_step_is_the_gradient_of_the_weighted_loss():
    """The mean full-batch step over many epochs agrees with finite differences of the weighted loss."""
    probabilities = weights("balanced")
    model = model_for(DATA, "softmax")
    start = np.random.default_rng(1).normal(size=model.parameters)
    order = row_orders(100, 0, "epoch", probabilities)
    steps = []
    for epoch in range(400):
        run = training(
            configuration(learning_rate=1.0, batch_size="full"), DATA, model, dtype="float64", epochs=1,
            initial=start, order=lambda _, epoch=epoch: order(epoch),
        ).run()  # fmt: skip
        steps.append(start - run.parameters)
    gradient = []
    for axis in np.eye(model.parameters) * 1e-6:
        above, below = (tensors_in(start + side, model.layout) for side in (axis, -axis))
        gradient.append((weighted_loss(above, probabilities) - weighted_loss(below, probabilities)) / 2e-6)
    error = np.std(steps, axis=0) / np.sqrt(len(steps))
    assert (np.abs(np.mean(steps, axis=0) - gradient) < 4.5 * error).all()
    plain = naive.network(tensors_in(start, model.layout), INPUTS, LABELS[:, None], "relu", "softmax")[1]
    assert (np.abs(plain - gradient) > 9 * error).any()


def test_a_search_trains_on_rows_drawn_by_class_weights(tmp_path):
    """Rows of a rare class are drawn far more often, and its error falls; losses are computed without weights."""
    path = tmp_path / "d.csv"
    rng = np.random.default_rng(2)
    rare = np.arange(400) % 20 == 0
    lines = [
        f"{value:.4f},{'rare' if is_rare else 'common'}"
        for value, is_rare in zip(rng.normal(size=400) + rare, rare, strict=True)
    ]
    path.write_text("\n".join(["x,kind", *lines]) + "\n")
    data = f'data={{path="{path}",target="kind",task="classification",split="stratified"'
    found = {}
    for name, more in (("plain", "}"), ("weighted", ',class_weights="balanced"}')):
        context = SweepContext(sweep(data + more, "model.name='softmax'", "budget.epochs=30", "optimizer={}"))
        context.compile(["sgd"], print)
        run = context.training(configuration(learning_rate=0.05, batch_size=20), 0).run()
        found[name] = run
    assert found["plain"].data.fingerprint == found["weighted"].data.fingerprint
    assert found["plain"].points[0].train_loss == found["weighted"].points[0].train_loss
    plain, weighted = (taken(found[name])["validation"] for name in ("plain", "weighted"))
    assert plain[:, 1].tolist() == [0, 0]
    assert weighted[0, 1] > weighted[1, 1] > 0
    assert found["weighted"].points[-1].train_loss > found["plain"].points[-1].train_loss


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"class_weights": {"class_7": 2.0}}, "data.class_weights.class_7: wine has no such class: did you mean 'class_2'"),
        ({"class_weights": {"class_0": 0.0}}, "data.class_weights.class_0 = 0: give a finite number above 0"),
        ({"class_weights": {"class_0": float("inf")}}, "data.class_weights.class_0 = inf: give a finite number"),
        (
            {"class_weights": "balanced", "shuffle": "never"},
            'data.class_weights draws rows at random, but data.shuffle = "never" keeps their order',
        ),
    ],
)
def test_invalid_weights_are_refused(keys, line):
    def weigh() -> None:
        spec = DataSpec(name="wine", **keys)
        row_weights(spec, prepare(spec))

    with pytest.raises(UsageError, match=line):
        weigh()


@pytest.mark.parametrize("weights", ["balanced", {}])
def test_class_weights_for_a_regression_are_refused(weights):
    with pytest.raises(UsageError, match=r"data\.class_weights is for classification, but the task of diabetes is regression"):
        prepare(DataSpec(name="diabetes", class_weights=weights))
