"""Claims about the critical batch size and the exponent of the best rate, on studies whose laws are planted."""

import numpy as np
import pytest
from analysis.batch_size.planted import hyperbola, planted

from sweepgd.analysis.claims import HELD, INCONCLUSIVE, NOT_HELD, claims
from sweepgd.sweep.claim_spec import ClaimSpec

CRITICAL = {"statistic": "critical_batch_size", "relation": "=", "value": 40.0, "tolerance": 8.0}
EXPONENT = {"statistic": "rate_exponent", "relation": "=", "value": 0.5, "tolerance": 0.2}
RATES = tuple(0.02 * 2 ** (step / 2) for step in range(16))


def answer(tables, **claim):
    (row,) = claims(tables, [ClaimSpec(says="a law", **claim)]).to_pylist()
    return row


def root(optimizer, size, rate, replicate):
    """The best rate is 0.08·√B, and is half as good an octave away."""
    away = abs(np.log2(rate / (0.08 * size**0.5)))
    return (1000 / size + 50) * (1 + away) * (1 + 0.02 * (replicate - 1.5))


def test_the_critical_batch_size_is_held_where_it_is_planted():
    tables = planted(hyperbola)
    row = answer(tables, **CRITICAL)
    assert row["estimate"] == pytest.approx(40, rel=0.05)
    assert row["low"] <= row["estimate"] <= row["high"]
    assert (row["answer"], row["configurations"], row["replicates"], row["runs"]) == (HELD, 36, 4, 144)
    assert answer(tables, **CRITICAL | {"value": 80.0})["answer"] == NOT_HELD
    larger = {"statistic": "critical_batch_size", "relation": ">", "value": 20.0}
    assert answer(tables, **larger)["answer"] == HELD


def test_the_exponent_of_the_best_rate_is_held_where_it_is_planted():
    tables = planted(root, rates=RATES, sizes=(1, 2, 4, 8, 16, 32, 64))
    row = answer(tables, **EXPONENT)
    assert row["estimate"] == pytest.approx(0.5, abs=0.1)
    assert row["answer"] == HELD
    assert answer(tables, **EXPONENT | {"value": 1.0})["answer"] == NOT_HELD


def test_several_laws_are_inconclusive_until_one_is_chosen():
    tables = planted(hyperbola, optimizers=("adam", "sgd"))
    row = answer(tables, **CRITICAL)
    message = "there are several laws, one for each of adam, sgd: choose one by `where`"
    assert (row["answer"], row["message"]) == (INCONCLUSIVE, message)
    assert answer(tables, **CRITICAL, where={"optimizer": "sgd"})["answer"] == HELD


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        (
            planted(hyperbola, goal=None),
            "the sweep has no goal: set budget.goal to the error, or the loss, that counts as reached",
        ),
        (planted(hyperbola, sizes=(1, 2)), "2 batch sizes reached the target, but the fits need 4"),
        (planted(hyperbola, rates=(0.2, 0.4, 0.8)), "the best rate is at the end of its range at batch size 1, 2, 4, 8, 16, "),
    ],
    ids=["no goal", "few sizes", "end of the range"],
)
def test_a_law_that_cannot_be_fitted_is_inconclusive_and_says_why(tables, why):
    row = answer(tables, **CRITICAL)
    assert (row["answer"], row["p"]) == (INCONCLUSIVE, None)
    assert row["message"].startswith(why)
