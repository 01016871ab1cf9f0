"""The map of the boundary between runs that complete and runs that diverge."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from study_tables import run, trials

from sweepgd.report.charts import Missing, boundary_map

RATES, SCALES = 2.0 ** np.arange(32), 10.0 ** np.arange(32)


def study(outcome):
    """A grid of 32 rates by 32 scales, in which the runs with `outcome(row, column)` diverge."""
    rows = []
    for row, scale in enumerate(SCALES.tolist()):
        for column, rate in enumerate(RATES.tolist()):
            own = {"learning_rate": rate, "model_settings": json.dumps({"init_scale": scale})}
            rows.append(run(32 * row + column, None if outcome(row, column) else 1.0, **own))
    return SimpleNamespace(trials=trials(*rows))


def test_runs_that_diverged_are_bars_between_the_middles_of_the_logarithms():
    chart = boundary_map(study(lambda row, column: row == 3 and column in (5, 6, 9))).to_dict()
    (bars,) = chart["datasets"].values() if "datasets" in chart else ([*chart["data"]["values"]],)
    expected = [(2.0**4.5, 2.0**6.5), (2.0**8.5, 2.0**9.5)]
    assert [(bar["x"], bar["x2"]) for bar in bars] == [pytest.approx(pair) for pair in expected]
    assert [(bar["y"], bar["y2"]) for bar in bars] == [pytest.approx((10**2.5, 10**3.5))] * 2
    assert chart["encoding"]["y"]["title"] == "model.init_scale"
    assert "dimension of the boundary" in chart["title"]["subtitle"]


@pytest.mark.parametrize("outcome", [True, False])
def test_without_a_boundary_there_is_no_map(outcome):
    with pytest.raises(Missing, match="full grid of 32 or more learning rates"):
        boundary_map(study(lambda row, column: outcome))
