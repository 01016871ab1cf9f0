"""Claims on small tables: estimates by hand, answers, and all that makes a claim undecided or an error."""

import json

import numpy as np
import pytest
from study_tables import Tables, curvature, run, trials, value

from sweepgd.analysis.claims import HELD, INCONCLUSIVE, NOT_HELD, claims
from sweepgd.analysis.claims.claim_answers import holm
from sweepgd.core.errors import SweepgdError
from sweepgd.sweep.claim_spec import ClaimSpec

pytestmark = pytest.mark.quick

SIZES, RATES = (8, 32, 128), (0.1, 0.2, 0.3, 0.4)
COMPARED = {"of": "test_loss", "by": "batch_size"}
BETWEEN = {"statistic": "difference", **COMPARED, "groups": [8, 128]}


def grid(loss, replicates=3, **columns):
    """A study in which `loss(size, rate, replicate)` is the test loss and the objective, or None of a diverged run."""
    rows = []
    for number, (size, rate) in enumerate((size, rate) for size in SIZES for rate in RATES):
        settings = {"configuration": {"batch_size": size, "learning_rate": rate}, "model": {"hidden": [round(10 * rate)]}}
        for replicate in range(replicates):
            found = loss(size, rate, replicate)
            own = {"batch_size": size, "learning_rate": rate, "settings": json.dumps(settings), "test_loss": found}
            rows.append(run(number, found, replicate, **own, **columns))
    return Tables(trials(*rows))


def answer(tables, **claim):
    (row,) = claims(tables, [ClaimSpec(says="a claim", **claim)]).to_pylist()
    return row


def test_settings_of_a_schedule_are_compared_at_equal_other_settings():
    rows = []
    for number, (decay, rate) in enumerate((decay, rate) for decay in (0.0, 0.5) for rate in RATES):
        own = {"schedule": "time", "schedule_settings": {"decay": decay}, "learning_rate": rate}
        columns = {"hyperparameters": [("schedule.decay", decay)], "settings": json.dumps({"configuration": own})}
        rows += [run(number, 0.0, replicate, test_loss=10 * rate + decay, **columns) for replicate in range(3)]
    row = answer(Tables(trials(*rows)), statistic="difference", of="test_loss", by="schedule.decay", groups=[0.0, 0.5])
    assert (row["low"], row["estimate"], row["high"]) == pytest.approx((0.5, 0.5, 0.5))


def noise(size, rate, replicate):
    return 0.01 * np.sin(100 * size * rate + 7 * replicate)


def rising(size, rate, replicate):
    return float(np.log2(size)) + rate + noise(size, rate, replicate)


def power(size, rate, replicate):
    return float(3 * size**0.5 * np.exp(noise(size, rate, replicate)))


CASES = {
    "mean": ({"statistic": "mean", "of": "test_loss", "where": {"batch_size": 8}}, rising, 3.25),
    "difference": (BETWEEN, rising, 4.0),
    "ratio": ({"statistic": "ratio", **COMPARED, "groups": [8, 32]}, power, 2.0),
    "ordering": ({"statistic": "ordering", **COMPARED, "groups": [8, 32, 128]}, rising, 2.0),
    "slope": ({"statistic": "slope", **COMPARED}, power, 0.5),
    "rank_correlation": ({"statistic": "rank_correlation", **COMPARED}, rising, 1.0),
    "best": ({**BETWEEN, "best": True, "where": {"learning_rate": 0.1}}, rising, 4.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_estimates_equal_the_planted_value_and_the_claim_is_held(name):
    claim, loss, planted = CASES[name]
    row = answer(grid(loss), **claim)
    assert row["estimate"] == pytest.approx(planted, abs=0.02)
    assert row["low"] <= row["estimate"] <= row["high"]
    assert (row["answer"], row["message"]) == (HELD, None)


@pytest.mark.parametrize("name", ["difference", "ratio", "slope", "rank_correlation"])
def test_the_opposite_of_a_held_claim_is_not_held(name):
    claim, loss, _ = CASES[name]
    assert answer(grid(loss), **claim, relation="<")["answer"] == NOT_HELD


def test_an_ordering_with_neighbours_in_the_other_order_is_not_held():
    claim = {"statistic": "ordering", **COMPARED, "groups": [32, 8, 128]}
    row = answer(grid(rising), **claim)
    assert row["answer"] == NOT_HELD
    assert row["estimate"] == pytest.approx(-2, abs=0.02)


@pytest.mark.parametrize(
    ("value", "tolerance", "expected"), [(4.0, 0.5, HELD), (3.0, 0.5, NOT_HELD), (4.0, 1e-4, INCONCLUSIVE)]
)
def test_an_equality_is_held_inside_its_tolerance(value, tolerance, expected):
    claim = {**CASES["difference"][0], "relation": "=", "value": value, "tolerance": tolerance}
    assert answer(grid(rising), **claim)["answer"] == expected


def test_filters_take_values_lists_and_intervals():
    mean = {"statistic": "mean", "of": "test_loss"}
    assert answer(grid(rising), **mean, where={"learning_rate": 0.2, "batch_size": [8, 32]})["runs"] == 6
    assert answer(grid(rising), **mean, where={"batch_size": {"min": 9}})["runs"] == 24
    assert answer(grid(rising), **mean, where={"model.hidden": "[1]"})["runs"] == 9


def test_a_difference_without_matching_configurations_is_between_means():
    tables = grid(lambda size, rate, replicate: rising(size, rate, replicate))
    changed = tables.trials.set_column(
        tables.trials.column_names.index("settings"),
        "settings",
        [[json.dumps({"configuration": {"number": number}}) for number in tables.trials["trial"].to_pylist()]],
    )
    row = answer(Tables(changed), **CASES["difference"][0])
    assert row["estimate"] == pytest.approx(4.0, abs=0.02)
    assert row["configurations"] == 8


def test_a_measure_and_the_share_of_diverged_runs_are_columns():
    runs = [run(number, 1.0, replicate) for number in range(4) for replicate in range(3)]
    measured = [value(number, 2.0 + 0.1 * replicate, replicate=replicate) for number in range(4) for replicate in range(3)]
    row = answer(Tables(trials(*runs), curvature=curvature(*measured)), statistic="mean", of="lambda_max", value=1.0)
    assert (row["answer"], row["runs"]) == (HELD, 12)
    assert row["estimate"] == pytest.approx(2.1)
    shares = [run(number, None if number % 2 else 1.0, replicate) for number in range(4) for replicate in range(3)]
    assert answer(Tables(trials(*shares)), statistic="mean", of="diverged")["estimate"] == 0.5


def test_values_are_correlated_with_a_measure_over_configurations():
    tables = grid(rising)
    rows = [value(trial, 12 - trial + replicate / 10, "trace", replicate) for trial in range(12) for replicate in range(3)]
    study = Tables(tables.trials, curvature=curvature(*rows))
    row = answer(study, statistic="rank_correlation", of="learning_rate", by="trace", where={"batch_size": 8})
    # Four configurations are in this order by chance in 1 of 24 studies.
    assert (row["answer"], row["estimate"]) == (INCONCLUSIVE, -1.0)


def test_a_diverged_run_has_the_worst_value_and_must_not_decide():
    def loss(size, rate, replicate):
        return None if (size, rate, replicate) == (128, 0.4, 1) else rising(size, rate, replicate)

    row = answer(grid(loss), **CASES["difference"][0])
    assert (row["answer"], row["diverged"], row["left_out"]) == (HELD, 1, 0)

    def mostly(size, rate, replicate):
        return None if size == 128 and rate > 0.15 else 1.0 + noise(size, rate, replicate) - 0.1 * (size == 128) * rate

    undecided = answer(grid(mostly), **CASES["difference"][0])
    assert undecided["answer"] == INCONCLUSIVE


def test_runs_that_do_not_reach_the_goal_count_as_the_longest():
    def steps(size, replicate):
        return None if size == 128 and replicate == 0 else 10 * size + replicate

    rows = [
        run(number, 1.0, replicate, batch_size=size, settings="{}", steps_to_goal=steps(size, replicate), updates=2000)
        for number, size in enumerate(SIZES)
        for replicate in range(3)
    ]
    row = answer(Tables(trials(*rows)), statistic="mean", of="steps_to_goal", where={"batch_size": 128}, over="replicates")
    assert row["estimate"] == pytest.approx((2000 + 1281 + 1282) / 3)
    assert row["diverged"] == 1


def test_the_best_configuration_is_selected_by_the_other_replicates():
    """The configuration that is luckiest on a replicate is not chosen for that replicate."""

    def loss(size, rate, replicate):
        lucky = RATES.index(rate) == replicate + 1 and replicate < 3
        return 1.0 + (size == 128) + abs(rate - 0.2) - (5.0 if lucky else 0.0)

    row = answer(grid(loss), statistic="difference", **COMPARED, groups=[8, 128], best=True)
    assert row["estimate"] is None or row["estimate"] > 0.5


UNDECIDED = {
    "a group without runs": ({**BETWEEN, "groups": [8, 64]}, "no run has batch_size = 64"),
    "a filter without runs": (
        {"statistic": "mean", "of": "test_loss", "where": {"optimizer": "adam"}},
        "no run has optimizer = adam, as `where` asks for",
    ),
    "a misspelt level": (
        {**BETWEEN, "by": "optimizer", "groups": ["sgd", "sgdd"]},
        "no run has optimizer = sgdd: did you mean 'sgd'?",
    ),
    "a measure that was not taken": ({"statistic": "mean", "of": "lambda_max"}, "no run has a value of lambda_max"),
    "no values": ({"statistic": "mean", "of": "test_error"}, "no run has a value of test_error"),
    "the end of the range": (
        {**BETWEEN, "best": True},
        "the best learning rate of batch_size = 8 is 0.1, the lowest or highest tried: a better rate may lie beyond",
    ),
    "one level": ({"statistic": "slope", **COMPARED, "where": {"batch_size": 8}}, "all runs have the same batch_size"),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_cannot_be_compared_is_inconclusive_and_says_why(name):
    claim, why = UNDECIDED[name]
    row = answer(grid(rising), **claim)
    assert (row["answer"], row["message"], row["p"]) == (INCONCLUSIVE, why, None)


def test_one_replicate_is_inconclusive():
    row = answer(grid(rising, replicates=1), **CASES["difference"][0])
    assert row["answer"] == INCONCLUSIVE
    assert row["message"] == "there is one replicate: an interval needs two or more"
    few = answer(grid(rising, replicates=2), **CASES["best"][0])
    assert few["message"] == "`best` needs 3 replicates, but there are 2"


def test_a_few_pairs_that_all_agree_do_not_prove_a_rank_correlation():
    row = answer(grid(rising), **CASES["rank_correlation"][0], where={"learning_rate": 0.1})
    assert (row["estimate"], row["answer"], row["configurations"]) == (1.0, INCONCLUSIVE, 3)


def test_values_of_0_have_no_ratio():
    row = answer(grid(lambda size, rate, replicate: 0.0), **CASES["ratio"][0])
    assert row["message"] == "test_loss is 0 or negative in some runs: a ratio or slope needs values above 0"


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ({"statistic": "mean", "of": "test_los"}, "the results have no column 'test_los': did you mean 'test_loss'?"),
        ({"statistic": "mean", "of": "optimizer"}, "the column 'optimizer' holds no numbers"),
        ({"statistic": "mean", "of": "test_loss", "where": {"beta9": 1}}, "the results have no column 'beta9': known: "),
    ],
)
def test_a_missing_column_is_an_error_that_names_it(claim, why):
    with pytest.raises(SweepgdError) as error:
        answer(grid(rising), **claim)
    assert str(error.value).startswith(f"claims[0] ('a claim'): {why}")


def test_holm_multiplies_the_smallest_p_by_the_number_of_claims():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04, 0.03]), [0.03, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.9, 0.6]), [1.0, 1.0])
    assert holm([]).size == 0


def test_several_claims_are_adjusted_together():
    specs = [ClaimSpec(says=f"claim {number}", **CASES["difference"][0]) for number in range(3)]
    rows = claims(grid(rising), specs).to_pylist()
    assert [row["p_adjusted"] for row in rows] == pytest.approx([3 * row["p"] for row in rows])
