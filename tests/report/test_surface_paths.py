"""The paths of optimizers on a surface, over its contours."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from study_tables import curves, run, trials

from sweepgd.minimisers.landscape.recorded_surface import RecordedSurface
from sweepgd.report.charts import surface_paths
from sweepgd.report.charts.style import MOST_POINTS
from sweepgd.sweep import parse, to_toml

SURFACE = """name = "s"
[data]
name = "none"
[model]
name = "rosenbrock"
steepness = 2.0
dtype = "float64"
[budget]
updates = 2
[space]
batch_size = "full"
optimizer = "sgd"
learning_rate = 0.1
"""


def results(table, places, sweep=SURFACE):
    """Runs of a trial each, at these places, (updates, 2), after each update."""
    numbers = sorted(set(table["trial"].to_pylist()))
    points = curves(
        *(
            {"trial": trial, "replicate": 0, "update": update, "position": place}
            for trial in numbers
            for update, place in enumerate(places)
        )
    )
    return SimpleNamespace(trials=table, curves=points, sweep_toml=to_toml(parse(sweep)), directory=Path("results"))


def drawn(chart):
    """Return the panels, and all values that are drawn in them."""
    shown = chart.to_dict()
    panels = [panel for row in shown["vconcat"] for panel in row["hconcat"]]
    return panels, [row for values in shown["datasets"].values() for row in values]


def test_a_path_goes_from_a_ring_to_a_dot_over_contours():
    table = trials(run(0, 1.0), run(1, 2.0, schedule="inverse_sqrt"), run(2, None))
    chart = surface_paths(results(table, [[0.0, 1.0], [1.0, 1.0], [2.0, 1.5]]))
    panels, rows = drawn(chart)
    assert [panel["title"]["text"] for panel in panels] == ["sgd, rate 0.1", "sgd, rate 0.1, inverse_sqrt"]
    assert {(row["x"], row["end"]) for row in rows if "end" in row} == {(0.0, "start"), (2.0, "end")}
    shapes = [row for row in rows if "geometry" in row]
    assert {shape["step"] for shape in shapes} == set(range(20))
    # The grid reaches from -0.16 to 2.16 and from 0.96 to 1.54, and Rosenbrock's function is lowest at (1, 1).
    assert [(row["x"], row["y"]) for row in rows if row.keys() == {"x", "y"}] == [(pytest.approx(1.0, abs=1e-5),) * 2]
    title = chart.to_dict()["title"]
    assert title["text"] == "Paths of the optimizers on mlp"
    assert title["subtitle"][0] == "(1 − x)² + b(y − x²)², a curved valley to (1, 1), steepness 2"
    assert "dark: low loss, in steps of its logarithm; cross: minimum" in title["subtitle"][1]
    assert [panels[0]["layer"][1]["encoding"][axis]["title"] for axis in "xy"] == ["x1", "x2"]


def test_the_losses_under_a_path_are_those_of_the_recorded_model():
    x, y = np.array([0.0, 1.0]), np.array([-1.0, 1.0, 3.0])
    losses = RecordedSurface.of(results(trials(run(0, 1.0)), [[0.0, 0.0]]), 0).losses(x, y)
    np.testing.assert_allclose(losses, (1 - x) ** 2 + 2 * (y[:, None] - x**2) ** 2, rtol=1e-6)


def test_without_the_model_there_are_no_contours_and_the_chart_says_why():
    study = results(trials(run(0, 1.0)), [[0.0, 1.0], [1.0, 1.0]])
    study.sweep_toml = study.sweep_toml.replace("rosenbrock", "unknown")
    chart = surface_paths(study)
    assert not any("geometry" in row for row in drawn(chart)[1])
    assert "without contours: unknown model 'unknown'" in chart.to_dict()["title"]["subtitle"][0]


def test_many_configurations_are_represented_by_the_best_of_each_optimizer():
    table = trials(*(run(trial, 1.0 + trial, optimizer="adam" if trial == 4 else "sgd") for trial in range(10)))
    panels, _ = drawn(surface_paths(results(table, [[0.0, 1.0], [1.0, 1.0]])))
    assert [panel["title"]["text"] for panel in panels] == ["sgd, rate 0.1", "adam, rate 0.1"]


def test_nine_paths_are_in_rows_of_four():
    study = results(trials(*(run(trial, 1.0) for trial in range(9))), [[0.0, 1.0], [1.0, 1.0]])
    assert [len(row["hconcat"]) for row in surface_paths(study).to_dict()["vconcat"]] == [4, 4, 1]


@pytest.mark.parametrize("late", [0.0, 0.3])
def test_a_long_path_keeps_its_fast_beginning_and_goes_on_to_its_end(late):
    """Later it creeps, or goes back and forth."""
    places = [0.0, 0.5, 1.0, *(1.0 + 1e-6 * step + late * (step % 2) for step in range(1, 5000))]
    _, rows = drawn(surface_paths(results(trials(run(0, 1.0)), [[place, 1.0] for place in places])))
    shown = {row["x"] for row in rows if "x" in row}
    assert {0.0, 0.5, 1.0, places[-1]} <= shown
    assert len(shown) <= MOST_POINTS
