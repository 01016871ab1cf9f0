"""Verdicts are false, and intervals miss, no more often than they promise.

`uv run pytest tests/calibration --slow -n 0` measures it at full size, in some 15 minutes, and prints the tables.
"""

from collections.abc import Iterable

import numpy as np
import pytest
from calibration.designs import FEW_NULL, FEW_PLANTED, FOUND, NULL, PLANTED
from calibration.table import table
from calibration.verdicts import ALL, KINDS, RUNS, Rates, rates

MOST_FALSE, LEAST_COVERED, LEAST_FOUND = 0.06, 0.93, 0.8
# By so many standard errors may a measured rate be beyond its limit.
ALLOWED = 3.0
FEW, MANY = 32, 100


def keeps_its_promise(measured: Iterable[Rates]) -> bool:
    """Whether the rates of several designs together are within the limits."""
    given = [rate for rate in measured if rate.given]
    counts = np.array([rate.given * rate.verdicts for rate in given])
    weights = counts / counts.sum()
    values = np.array([(rate.false, 1 - rate.covered) for rate in given])
    errors = np.array([(rate.false_error, rate.covered_error) for rate in given])
    # Of a few verdicts all may be right: their error is at least that of as many draws at the limit.
    limits = np.array([MOST_FALSE, 1 - LEAST_COVERED])
    errors = np.maximum(errors, np.sqrt(limits * (1 - limits) / counts[:, None]))
    return bool((weights @ values <= limits + ALLOWED * np.sqrt(weights**2 @ errors**2)).all())


@pytest.mark.parametrize(
    ("null", "planted", "studies"),
    [(FEW_NULL, FEW_PLANTED, FEW), pytest.param(tuple(NULL), tuple(PLANTED), MANY, marks=pytest.mark.slow)],
    ids=["few", "all"],
)
def test_verdicts_are_seldom_false_and_intervals_hold_what_was_planted(capsys, null, planted, studies):
    of_null = {name: rates(NULL[name], studies) for name in null}
    of_planted = {name: rates(PLANTED[name], studies) for name in planted}
    if studies == MANY:
        with capsys.disabled():
            print("", table("Null studies: false, covered (%)", of_null, planted=False), sep="\n")
            print(table("Planted effects: found, covered (%)", of_planted, planted=True))

    for measured in (of_null, of_planted):
        beyond = [
            (name, kind, rate)
            for name, found in measured.items()
            for kind, rate in found.items()
            if rate.given and not keeps_its_promise([rate])
        ]
        assert beyond == []
        for kind in KINDS:
            of_kind = [found[kind] for found in measured.values() if kind in found]
            # The replicates of several configurations are no sample of their batch sizes: there is no such verdict.
            assert keeps_its_promise(of_kind) if kind != RUNS else not of_kind
    assert of_planted[FOUND][ALL].right >= LEAST_FOUND
