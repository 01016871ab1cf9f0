"""Claims about the critical batch size and the exponent of the best rate, on studies whose laws are planted."""

import json

import numpy as np
import pytest
from analysis.batch_size.planted import hyperbola, planted
from study_tables import Tables, run, trials

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
        (
            planted(hyperbola, rates=(0.2, 0.4, 0.8)),
            "the best rate is the lowest or highest tried at batch size 1, 2, 4, 8, 16, ",
        ),
    ],
    ids=["no goal", "few sizes", "end of the range"],
)
def test_a_law_that_cannot_be_fitted_is_inconclusive_and_says_why(tables, why):
    row = answer(tables, **CRITICAL)
    assert (row["answer"], row["p"]) == (INCONCLUSIVE, None)
    assert row["message"].startswith(why)


def bowl(optimizer, size, rate, replicate):
    """A bowl around the rate 0.64 in its logarithm, at batch size 8 half as steep as at 128: the range is twice as wide."""
    steep = 0.1 if size == 128 else 0.05
    return 100 * (1 + steep * abs(np.log2(rate / 0.64))) * (1 + 0.02 * (replicate - 1.5))


def test_the_ratio_of_the_ranges_of_rates_is_held_where_it_is_planted():
    """10 % is an octave on either side at 128, and two at 8: a range of 4 and one of 16."""
    claim = {"statistic": "rate_range", "by": "batch_size", "groups": [128, 8]}
    tables = planted(bowl, rates=RATES, sizes=(8, 128))
    row = answer(tables, **claim, value=2.0)
    assert row["estimate"] == pytest.approx(4.0, rel=0.05)
    assert (row["answer"], row["runs"]) == (HELD, 128)
    assert answer(tables, **claim, relation="<")["answer"] == NOT_HELD
    both = planted(bowl, rates=RATES, sizes=(8, 128), optimizers=("adam", "sgd"))
    assert answer(both, **claim)["message"] == "there are 2 ranges of rates at batch_size = 128: choose one by `where`"
    missing = answer(tables, **claim | {"groups": [8, 64]})
    assert missing["message"] == "no run with batch_size = 64 has a learning rate and a result"
    for rates, replicates, why in (
        (
            (0.16, 0.32, 0.64),
            4,
            "the range of rates of batch_size = 128 reaches the lowest or highest tried",
        ),
        (RATES, 1, "no interval: an interval needs 4 replicates or more with results"),
    ):
        few = answer(planted(bowl, rates=rates, sizes=(8, 128), replicates=replicates), **claim)
        assert few["answer"] == INCONCLUSIVE
        assert few["message"].startswith(why)


def stripes(replicates, points=32):
    """Grids of rates and scales. Runs diverge above the diagonal, and in replicate r also at the first r rates."""
    return [
        run(
            number,
            None if number % points > number // points or number % points < replicate else 1.0,
            replicate,
            learning_rate=0.1 + number % points,
            model_settings=json.dumps({"init_scale": 1 + number // points}),
        )
        for number in range(points**2)
        for replicate in range(replicates)
    ]


def test_the_dimension_of_a_smooth_boundary_is_near_1():
    claim = {"statistic": "boundary_dimension", "relation": "=", "value": 1.0, "tolerance": 0.3}
    row = answer(Tables(trials(*stripes(3))), **claim)
    assert row["estimate"] == pytest.approx(1.0, abs=0.1)
    assert (row["answer"], row["configurations"], row["replicates"]) == (HELD, 1024, 3)
    fractal = answer(Tables(trials(*stripes(3))), statistic="boundary_dimension", value=1.3)
    assert fractal["answer"] == NOT_HELD
    one = answer(Tables(trials(*stripes(1))), **claim)
    assert (one["answer"], one["message"]) == (
        INCONCLUSIVE, "only one replicate has a boundary: an interval needs two or more",
    )  # fmt: skip
    none = answer(Tables(trials(*stripes(2)[:-1])), **claim)
    assert none["message"].startswith("no boundary: it needs a full grid of 32 or more learning rates")
