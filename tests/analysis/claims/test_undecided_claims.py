"""A missing column is an error that names it. An empty group, one replicate, or a best rate at the end of its range is
inconclusive and says why. This holds for every statistic to which it applies, and no such claim is held.
"""

import pytest
from analysis.batch_size.planted import hyperbola, planted
from analysis.claims.test_claims import CASES, grid, power
from analysis.claims.test_law_claims import CRITICAL, EXPONENT, stripes
from study_tables import Tables, trials

from sweepgd.analysis.claims import INCONCLUSIVE, claims
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
    if name in GROUPS:
        row = answer(name, study(name), groups=[7, *CLAIMS[name]["groups"][1:]])
        assert row["answer"] == INCONCLUSIVE
        assert row["message"].startswith("no run with batch_size = 7 has ")


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
