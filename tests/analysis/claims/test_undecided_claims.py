"""A missing column is an error that names it. An empty group, one replicate, or a best rate at the end of its range is
inconclusive and says why. This holds for every statistic to which it applies, and no such claim is held.
"""

import pytest
from analysis.batch_size.planted import hyperbola, planted
from analysis.claims.test_claims import CASES, grid, power
from analysis.claims.test_law_claims import CRITICAL, EXPONENT, stripes
from study_tables import Tables, run, trials

from sweepgd.analysis.claims import HELD, INCONCLUSIVE, claims
from sweepgd.core.errors import SweepgdError
from sweepgd.sweep.claim_spec import GROUPS, LAWS, STATISTICS, ClaimSpec

CLAIMS = {name: claim for name, (claim, _, _) in CASES.items() if name in STATISTICS}
CLAIMS |= {
    "critical_batch_size": CRITICAL,
    "rate_exponent": EXPONENT,
    "rate_range": {"statistic": "rate_range", "by": "batch_size", "groups": [8, 128]},
    "boundary_dimension": {"statistic": "boundary_dimension", "value": 1.0},
}
PLANTED = ("critical_batch_size", "rate_exponent", "rate_range")


def study(name, replicates=4, rates=(0.05, 0.1, 0.2, 0.4, 0.8)):
    """A study on which the claim of a statistic can be decided, except for what a test changes."""
    if name == "boundary_dimension":
        return Tables(trials(*stripes(replicates)))
    return planted(hyperbola, rates=rates, replicates=replicates) if name in PLANTED else grid(power, replicates)


def answer(name, tables, **changes):
    (row,) = claims(tables, [ClaimSpec(says="a claim", **CLAIMS[name] | changes)]).to_pylist()
    return row


def test_every_statistic_is_tested_here():
    assert set(CLAIMS) == set(STATISTICS)


NAMED = [(name, key) for name in CLAIMS for key in ("of", "by", "where") if key == "where" or key in CLAIMS[name]]
NAMED.remove(("rate_range", "by"))  # a sweep file with another column is refused


@pytest.mark.parametrize(("name", "key"), NAMED)
def test_a_missing_column_is_an_error_that_names_it(name, key):
    changes = {"where": {"betta": 0.9}} if key == "where" else {key: "betta"}
    with pytest.raises(SweepgdError, match=r"^claims\[0\] \('a claim'\): the results have no column 'betta'"):
        answer(name, study(name, 2), **changes)


@pytest.mark.parametrize("name", CLAIMS)
def test_no_run_of_a_filter_or_of_a_group_is_inconclusive(name):
    empty = answer(name, study(name), where={"batch_size": 7})
    assert (empty["answer"], empty["message"]) == (INCONCLUSIVE, "no run has batch_size = 7, as `where` asks for")
    assert empty["not_run"]
    if name in GROUPS:
        row = answer(name, study(name), groups=[7, *CLAIMS[name]["groups"][1:]])
        assert row["answer"] == INCONCLUSIVE
        assert row["message"].startswith("no run")
        assert "batch_size = 7" in row["message"]


@pytest.mark.parametrize("name", CLAIMS)
def test_one_replicate_is_inconclusive(name):
    row = answer(name, study(name, replicates=1))
    assert (row["answer"], row["p"]) == (INCONCLUSIVE, None)
    assert "replicate" in row["message"]


@pytest.mark.parametrize("name", [*GROUPS, "critical_batch_size", "rate_exponent"])
def test_a_best_rate_at_the_end_of_its_range_is_inconclusive(name):
    tables = study(name, rates=(0.2, 0.4, 0.8))
    row = answer(name, tables, **({} if name in LAWS else {"best": True}))
    assert (row["answer"], row["p"]) == (INCONCLUSIVE, None)
    assert "the lowest or highest tried" in row["message"]


def test_the_rates_of_a_range_are_those_of_the_optimizer_and_two_are_enough():
    def row(optimizer, rates):
        """Return the answer of a study where the lower rate of `optimizer` is best at both batch sizes."""
        every = [("sgd", rate) for rate in (0.1, 0.2, 0.4)] if optimizer == "adam" else []
        every += [(optimizer, rate) for rate in rates]
        runs = [
            run(10 * size + number, rate + 0.001 * replicate, replicate, optimizer=rule, learning_rate=rate, batch_size=size)
            for size in (8, 128) for number, (rule, rate) in enumerate(every) for replicate in range(4)
        ]  # fmt: skip
        return answer("difference", Tables(trials(*runs)), of="validation_loss", best=True)

    for optimizer, rates in (("sgd", (0.01, 0.02)), ("adam", (0.001, 0.01))):
        found = row(optimizer, rates)
        assert found["answer"] == INCONCLUSIVE
        assert "the lowest or highest tried" in found["message"]


@pytest.mark.parametrize(("replicates", "expected"), [(2, INCONCLUSIVE), (4, INCONCLUSIVE), (20, HELD)])
def test_a_share_of_1_in_few_runs_is_not_certain(replicates, expected):
    """If half of the runs diverge, two of two do in a quarter of the studies."""
    tables = Tables(trials(*(run(0, None, replicate) for replicate in range(replicates))))
    claim = ClaimSpec(says="Most runs diverge.", statistic="mean", of="diverged", value=0.7)
    (found,) = claims(tables, [claim]).to_pylist()
    assert found["answer"] == expected
    assert found["p"] > 0


def test_an_answer_that_only_the_adjustment_makes_inconclusive_says_so():
    tables, claim = study("mean"), CLAIMS["mean"]
    value = answer("mean", tables)["low"] - 1e-9  # held by a hair
    specs = [ClaimSpec(says=f"claim {number}", **claim | {"value": value, "relation": ">"}) for number in range(3)]
    alone, (first, *_) = claims(tables, specs[:1]).to_pylist(), claims(tables, specs).to_pylist()
    assert (alone[0]["answer"], alone[0]["message"]) == (HELD, None)
    assert first["answer"] == INCONCLUSIVE
    assert first["message"].startswith("held if it were the only claim, but not after the adjustment (p ")
