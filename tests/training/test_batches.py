"""Every epoch visits every row once, in the order that `shuffle` names."""

from functools import partial

import numpy as np
import pytest
from run_builders import configuration, data_of, training

from sweepgd.core.layout import WEIGHT, Tensor, layout_of
from sweepgd.core.random_streams import ORDER, stream
from sweepgd.models import Architecture
from sweepgd.schedules import BATCH_SCHEDULES
from sweepgd.sweep.budget import LONGEST, Budget
from sweepgd.training import batches
from sweepgd.training.batches import Plan, row_orders


def counting_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """A gradient by which SGD of rate 1 counts the visits of each row in theta[row]."""
    out[:] = 0
    for i in range(rows.size):
        out[rows[i]] -= 1
    return 0.0


def no_evaluation(theta, buffers, inputs, targets, layout, settings, work):
    return 0.0, 0.0


def visits(**others):
    """Return the number of visits of each of 10 rows."""
    counter = Architecture(
        layout=layout_of([Tensor((10,), WEIGHT, 10, 1)]),
        gradient=counting_gradient,
        evaluate=no_evaluation,
        initial=lambda rng: np.zeros(10),
        settings=np.zeros(0),
        workspace=lambda batch: 0,
    )
    names = {"batch_size", "batch_schedule", "batch_schedule_settings"} & set(others)
    chosen = configuration(learning_rate=1.0, **{name: others.pop(name) for name in names})
    return training(chosen, data_of(np.ones((10, 1)), np.ones(10)), counter, **others).run().parameters


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1.3, 2.0, 10.0])
def test_the_length_of_a_run_is_the_sum_of_its_epochs(factor, drop_last):
    """Also with growing batches and an incomplete last epoch."""
    growth = partial(BATCH_SCHEDULES["growth"].size, 3, after=2, every=3, factor=factor, limit=20)
    growing = Plan(47, growth, drop_last)
    for epochs in range(1, 30):
        assert growing.length(Budget(epochs=epochs)) == sum(growing.updates(epoch) for epoch in range(epochs))
    for samples in range(1, 400):
        updates, left, epoch = 0, samples, 0
        while left > 0:  # one update after the other
            taken = [min(growth(epoch), 47)] * growing.updates(epoch)
            taken[-1] = growing.samples(epoch) - sum(taken[:-1])
            for rows in taken:
                if left > 0:
                    left, updates = left - rows, updates + 1
            epoch += 1
        assert growing.length(Budget(samples=samples)) == updates


def test_the_length_of_the_longest_runs_is_found_quickly():
    growth = partial(BATCH_SCHEDULES["growth"].size, 3, after=2, every=3, factor=2.0, limit=20)
    growing = Plan(47, growth)
    first = sum(growing.updates(epoch) for epoch in range(100))
    assert growing.length(Budget(epochs=LONGEST)) == first + (LONGEST - 100) * 3
    assert growing.length(Budget(samples=47 * 10**10)) == first + (10**10 - 100) * 3
    assert growing.epochs(first + 3 * 10**11 + 1) == 100 + 10**11 + 20 / 47


@pytest.mark.parametrize("shuffle", ["epoch", "once", "never"])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, "full"])
def test_an_epoch_visits_every_row_once(batch_size, shuffle):
    assert visits(batch_size=batch_size, shuffle=shuffle, epochs=1).tolist() == [1] * 10
    assert visits(batch_size=batch_size, shuffle=shuffle, epochs=4, eval_every=4).tolist() == [4] * 10


def test_an_epoch_visits_every_row_once_while_the_batch_grows():
    growth = {"after": 1, "every": 1, "factor": 2.0, "limit": 0}
    growing = {"batch_size": 2, "batch_schedule": "growth", "batch_schedule_settings": growth}
    assert visits(**growing, epochs=5).tolist() == [5] * 10


def test_drop_last_leaves_out_different_rows_each_epoch():
    assert sorted(visits(batch_size=4, last_batch="drop", epochs=1)) == [0] * 2 + [1] * 8
    counts = visits(batch_size=4, last_batch="drop", epochs=30)
    assert counts.sum() == 30 * 8
    assert counts.min() > 15


def test_orders():
    each, once, never = (row_orders(50, 3, shuffle) for shuffle in ("epoch", "once", "never"))
    for order in (each, once, never):
        assert sorted(order(0)) == sorted(order(7)) == list(range(50))
    assert each(0).tolist() == stream(3, ORDER, 0).permutation(50).tolist()
    assert each(0).tolist() == row_orders(50, 3, "epoch")(0).tolist() != each(1).tolist()
    assert once(0).tolist() == once(9).tolist() != sorted(once(0))
    assert never(4).tolist() == list(range(50))
    assert row_orders(50, 4, "epoch")(0).tolist() != each(0).tolist()


def test_cached_orders_are_read_only_and_equal_to_drawn_ones():
    assert not row_orders(50, 3, "epoch")(0).flags.writeable
    assert row_orders(5000, 3, "epoch")(2).tolist() == stream(3, ORDER, 2).permutation(5000).tolist()


def test_the_cache_of_orders_keeps_the_first_ones(monkeypatch):
    monkeypatch.setattr(batches, "CACHED_ORDERS", 10)
    monkeypatch.setattr(batches, "_orders", {})
    first, again = ([row_orders(6, seed, "epoch")(epoch) for seed in range(5) for epoch in range(4)] for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert [a is b for a, b in zip(first, again, strict=True)] == [True] * 10 + [False] * 10


@pytest.mark.parametrize(("updates", "epochs"), [(0, 0.0), (1, 0.2), (5, 1.0), (6, 1.4), (8, 2.0), (9, 2.8), (10, 3.0)])
def test_epochs_of_a_number_of_updates_with_growing_batches(updates, epochs):
    """Batches of 2, 4 and 8 of 10 rows: 5, 3 and 2 updates."""
    growing = batches.Plan(10, lambda epoch: 2 * 2**epoch)
    assert growing.epochs(updates) == pytest.approx(epochs)
