"""Calibration: rates of false verdicts and coverage of intervals on simulated studies.

`uv run pytest tests/calibration --slow -n 0` runs all designs in about 15 minutes and prints the tables.
"""

from collections.abc import Iterable

import numpy as np
import pytest
from calibration.designs import FEW_NULL, FEW_PLANTED, FOUND, NULL, PLANTED
from calibration.table import table
from calibration.verdicts import ALL, KINDS, RUNS, Rates, rates

MOST_FALSE, LEAST_COVERED, LEAST_FOUND = 0.06, 0.93, 0.8
# Number of standard errors by which a measured rate may exceed its limit.
ALLOWED = 3.0
FEW, MANY = 20, 100


def is_calibrated(measured: Iterable[Rates]) -> bool:
    """Return True if the pooled rates of several designs are within the limits."""
    given = [rate for rate in measured if rate.given]
    counts = np.array([rate.given * rate.verdicts for rate in given])
    weights = counts / counts.sum()
    values = np.array([(rate.false, 1 - rate.covered) for rate in given])
    errors = np.array([(rate.false_error, rate.covered_error) for rate in given])
    # With few verdicts, all may be correct: the error is then that of as many draws at the limit.
    limits = np.array([MOST_FALSE, 1 - LEAST_COVERED])
    errors = np.maximum(errors, np.sqrt(limits * (1 - limits) / counts[:, None]))
    return bool((weights @ values <= limits + ALLOWED * np.sqrt(weights**2 @ errors**2)).all())


@pytest.mark.parametrize(
    ("null", "planted", "studies"),
    [(FEW_NULL, FEW_PLANTED, FEW), pytest.param(tuple(NULL), tuple(PLANTED), MANY, marks=pytest.mark.slow)],
    ids=["few", "all"],
)
def test_verdicts_are_seldom_false_and_intervals_contain_planted_effects(capsys, null, planted, studies):
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
            if rate.given and not is_calibrated([rate])
        ]
        assert beyond == []
        for kind in KINDS:
            of_kind = [found[kind] for found in measured.values() if kind in found]
            # Replicates of several configurations are not independent samples of their batch sizes: no verdict uses them.
            assert is_calibrated(of_kind) if kind != RUNS else not of_kind
    assert of_planted[FOUND][ALL].right >= LEAST_FOUND
