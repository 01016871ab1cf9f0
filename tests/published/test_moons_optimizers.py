"""Gradient descent, momentum and Adam on moons, as the course by Ng compares them, with draws of our own."""

import pyarrow.compute as pc
import pytest

import sweepgd


@pytest.mark.parametrize("epochs", [1000, pytest.param(None, marks=pytest.mark.slow)], ids=["a tenth", "full size"])
def test_adam_reaches_90_percent_first_in_every_replicate(epochs, tmp_path):
    overrides = [] if epochs is None else [f"budget.epochs={epochs}"]
    trials = sweepgd.search("moons_optimizers", out=tmp_path / "results", overrides=overrides).trials
    assert trials.num_rows == 12
    assert set(trials["status"].to_pylist()) == {"completed"}
    adam, momentum, descent = (
        trials.filter(pc.field("optimizer") == name).sort_by("replicate")["steps_to_goal"].to_pylist()
        for name in ("adam", "momentum_average", "sgd")
    )
    # Null where 90 % was never reached; all have the same batches, so that fewer updates are fewer epochs.
    assert None not in adam
    for slower in (momentum, descent):
        assert all(other is None or first < other for first, other in zip(adam, slower, strict=True))
