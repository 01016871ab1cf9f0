"""Claims about planted data: without an effect they are seldom held, and an effect of high power nearly always is.

`uv run pytest tests/analysis/claims --slow -n 0 -s` takes 1,000 studies of each kind, about 8 minutes, and prints the rates.
"""

import numpy as np
import pytest
from analysis.claims.planted_studies import KINDS, study

from sweepgd.analysis.claims import HELD, claims
from sweepgd.sweep.claim_spec import ClaimSpec

COMPARED = {"of": "test_loss", "by": "batch_size"}
CLAIMS = {
    "mean": {"statistic": "mean", "of": "test_loss", "where": {"batch_size": 256}},
    "difference": {"statistic": "difference", **COMPARED, "groups": [16, 256]},
    "ratio": {"statistic": "ratio", **COMPARED, "groups": [16, 256]},
    "ordering": {"statistic": "ordering", **COMPARED, "groups": [16, 64, 256]},
    "slope": {"statistic": "slope", **COMPARED},
    "rank_correlation": {"statistic": "rank_correlation", **COMPARED},
    "best": {"statistic": "difference", **COMPARED, "groups": [16, 256], "best": True},
    "equality": {"statistic": "difference", **COMPARED, "groups": [16, 256], "relation": "=", "tolerance": 4.0},
}
# The effect of a doubling of the batch size at which the claim is at its boundary, and one for which it has a power of 0.99.
EFFECTS = {
    "mean": (0.0, 2.0), "difference": (0.0, 1.0), "ratio": (0.0, 1.0), "ordering": (0.0, 2.0), "slope": (0.0, 1.0),
    "rank_correlation": (0.0, 2.0), "best": (0.0, 1.5), "equality": (1.0, 0.0),
}  # fmt: skip
MOST_FALSE, LEAST_FOUND, ALLOWED = 0.06, 0.98, 3.0
FEW, MANY = 20, 1000


def held(name: str, kind: str, effect: float, studies: int) -> float:
    claim = ClaimSpec(says=name, **CLAIMS[name])
    shape = {"positive": name in ("ratio", "slope"), "curved": name == "best", **KINDS[kind]}
    tables = (study(number, effect, **shape) for number in range(studies))
    return float(np.mean([claims(each, [claim])["answer"][0].as_py() == HELD for each in tables]))


def beyond(rate: float, limit: float, studies: int) -> float:
    """By how many standard errors, those of the limit, a rate is above it."""
    return (rate - limit) / np.sqrt(limit * (1 - limit) / studies)


@pytest.mark.parametrize("studies", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLAIMS)
def test_claims_are_seldom_held_without_an_effect_and_held_with_one(name, kind, studies):
    without, found = (held(name, kind, effect, studies) for effect in EFFECTS[name])
    print(f"{name}, {kind}: held in {without:.1%} of studies without the effect, and in {found:.1%} with it")
    assert beyond(without, MOST_FALSE, studies) <= ALLOWED
    assert beyond(1 - found, 1 - LEAST_FOUND, studies) <= ALLOWED
