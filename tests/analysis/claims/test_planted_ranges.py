"""Claims about the ranges of good rates on planted data, as in test_planted_claims.py."""

import json

import numpy as np
import pytest
from analysis.claims.test_planted_claims import ALLOWED, FEW, LEAST_FOUND, MANY, MOST_FALSE, beyond
from study_tables import Tables, run, trials

from sweepgd.analysis.claims import HELD, claims
from sweepgd.sweep.claim_spec import ClaimSpec

RATES, REPLICATES = 0.01 * 2.0 ** np.arange(12), 8


def study(number, octaves, diverged):
    """A bowl of losses around the rate 0.45, 10 % higher after so many octaves at batch size 8, and after 1.5 at 128.

    The logarithms of the losses have deviations of 0.1 by seed and 0.03 by run. `diverged` is the share of runs that diverge at
    the two highest rates.
    """
    rng = np.random.default_rng(number)
    of_seed, rows = 0.1 * rng.standard_normal(REPLICATES), []
    for size, half in ((8, octaves), (128, 1.5)):
        for place, rate in enumerate(RATES.tolist()):
            settings = json.dumps({"configuration": {"batch_size": size, "learning_rate": rate}})
            for replicate in range(REPLICATES):
                bowl = 1 + 0.1 * (np.log2(rate / 0.45) / half) ** 2
                loss = float(bowl * np.exp(of_seed[replicate] + 0.03 * rng.standard_normal()))
                known = None if place > 9 and rng.random() < diverged else loss
                columns = {"batch_size": size, "learning_rate": rate, "settings": settings}
                rows.append(run(len(rows) // REPLICATES, known, replicate, **columns))
    return Tables(trials(*rows))


def held(octaves, diverged, studies):
    claim = ClaimSpec(says="a range", statistic="rate_range", by="batch_size", groups=[128, 8])
    tables = (study(number, octaves, diverged) for number in range(studies))
    return float(np.mean([claims(each, [claim])["answer"][0].as_py() == HELD for each in tables]))


@pytest.mark.parametrize("studies", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("diverged", [0.0, 0.5])
def test_ranges_are_seldom_wider_without_an_effect_and_wider_with_one(diverged, studies):
    without, found = (held(octaves, diverged, studies) for octaves in (1.5, 3.0))
    print(f"{diverged:.0%} diverged: held in {without:.1%} of studies without the effect, and in {found:.1%} with it")
    assert beyond(without, MOST_FALSE, studies) <= ALLOWED
    assert beyond(1 - found, 1 - LEAST_FOUND, studies) <= ALLOWED
