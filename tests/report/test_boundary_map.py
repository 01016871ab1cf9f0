"""The map and the table of the boundary between runs that complete and runs that diverge."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from study_tables import run, trials

from sweepgd.analysis import boundary
from sweepgd.report.charts import Missing, boundary_map
from sweepgd.report.number_format import significant
from sweepgd.report.summary_tables import render

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


def test_the_table_is_of_the_first_replicate_and_names_the_dimension_of_each():
    """A straight boundary, and one that goes around every second row."""
    straight = study(lambda row, column: column > 15).trials.to_pylist()
    comb = study(lambda row, column: column > 15 or row % 2 == 0).trials.to_pylist()
    rows = boundary(trials(*straight, *({**row, "replicate": 1} for row in comb)))
    console = Console(width=160, color_system=None)
    with console.capture() as captured:
        console.print(render({"boundary": rows}))
    shown = " ".join(captured.get().split())
    first, second = rows["dimension"].to_pylist()[0], rows["dimension"].to_pylist()[-1]
    assert first < 1.1 < second
    assert f"dimension {significant(first)}, {significant(second)} in each replicate" in shown
    assert "1280 of 2048 runs diverged; the table is of replicate 0" in shown
