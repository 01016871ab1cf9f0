import json

import numpy as np
import pyarrow as pa
import pytest
from study_tables import run, trials

from sweepgd.core.errors import SweepgdError
from sweepgd.minimisers.landscape import RunKey
from sweepgd.minimisers.landscape.landscape_files import table_of
from sweepgd.report.charts.contours import STEPS, Levels, areas
from sweepgd.report.charts.landscape_line import landscape_line
from sweepgd.report.charts.landscape_surface import landscape_surface
from sweepgd.report.charts.style import Missing
from sweepgd.report.landscape_pictures import as_json, in_words, write_pictures

TRIALS = trials(run(0, 0.1, batch_size=16), run(7, 0.2, 1, batch_size=400, optimizer="adam"))
ALPHAS = [-0.5, 0.0, 0.5, 1.0, 1.5]
SETTINGS = {"kind": "surface", "rows": {"train": 100, "test": 40}, "axes": "random", "explained": None}


def line(train=(3.0, 0.1, 2.0, 0.2, 4.0), **columns):
    return table_of("line", RunKey(0), {"alpha": ALPHAS, "train_loss": train, **columns}, {"kind": "line"}, other=RunKey(7, 1))


def surface(losses, settings=SETTINGS, path=()):
    """Return the table of a surface with these losses, (β, α), and of a path through these points."""
    losses = np.asarray(losses, dtype=float)
    beta, alpha = (index.ravel().astype(float) for index in np.indices(losses.shape))
    table = table_of("surface", RunKey(0), {"alpha": alpha, "beta": beta, "train_loss": losses.ravel()}, settings)
    if not path:
        return table
    points = np.array(path, dtype=float)
    columns = {"alpha": points[:, 0], "beta": points[:, 1], "update": range(len(points))}
    return pa.concat_tables([table, table_of("path", RunKey(0), columns, settings)])


def drawn(chart):
    """Return all values that are drawn in a chart, and its title."""
    described = chart.to_dict()
    return [row for values in described["datasets"].values() for row in values], described["title"]


def test_a_line_shows_all_parts_and_labels_its_two_minimisers():
    rows, title = drawn(landscape_line(line(test_loss=[2.0] * 5), TRIALS))
    points = [row for row in rows if "run" not in row]
    assert {(row["part"], row["alpha"], row["value"]) for row in points if row["alpha"] == 0.5} == {
        ("train", 0.5, 2.0), ("test", 0.5, 2.0)
    }  # fmt: skip
    marks = {(row["alpha"], row["run"], row["value"]) for row in rows if "run" in row and "value" in row}
    small, large = "batch 16 (sgd, 0.1), run 0.0", "batch 400 (adam, 0.1), run 7.1"
    assert marks == {(0.0, small, 0.1), (0.0, small, 2.0), (1.0, large, 0.2), (1.0, large, 2.0)}
    assert title["subtitle"] == "weights: (1 − α) × run 0.0 + α × run 7.1; on all rows of each part"


def test_a_classification_has_a_panel_of_errors_in_percent():
    one, two = (landscape_line(line(**columns), TRIALS).to_dict() for columns in ({}, {"train_error": [0.25] * 5}))
    assert (len(one["vconcat"]), len(two["vconcat"])) == (1, 2)
    assert any(row.get("value") == 25.0 for values in two["datasets"].values() for row in values)


def test_losses_beyond_the_range_are_drawn_at_the_edge_of_a_line():
    rows, title = drawn(landscape_line(line([None, 0.1, 2.0, 0.2, 4.0]), TRIALS))
    assert {row["value"] for row in rows if row["alpha"] == -0.5} == {4.0}
    assert title["subtitle"].endswith("; values beyond the floating-point range at the upper edge")
    with pytest.raises(Missing, match="whole line"):
        landscape_line(line([None] * 5), TRIALS)


def test_levels_are_logarithmic_from_the_lowest_to_the_highest():
    levels = Levels.over(np.array([0.01, 1.0, 100.0]))
    assert levels.count == STEPS
    np.testing.assert_allclose([levels.loss(0), levels.loss(STEPS // 2), levels.loss(STEPS)], [0.01, 1.0, 100.0])
    np.testing.assert_allclose(levels.steps(np.array([0.01, 1.0, 100.0])), [0.0, STEPS / 2, STEPS], atol=1e-12)


def test_levels_cover_six_decades_and_accept_zero_and_negative_losses():
    cliff = Levels.over(np.array([1e-3, 1.0, 1e30]))
    np.testing.assert_allclose(cliff.loss(STEPS), 1e3)
    assert cliff.steps(np.array([1e30, np.nan])).tolist() == [STEPS, STEPS]
    saddle = Levels.over(np.array([-0.25, 0.0, 0.75]))
    np.testing.assert_allclose([saddle.loss(0), saddle.loss(STEPS)], [-0.25, 0.75], atol=1e-12)
    assert 0.0 < saddle.steps(np.array([0.0]))[0] < STEPS
    for value in (0.3, 0.0, -1.0):
        assert Levels.over(np.array([value, value])).count == 1
    assert Levels.over(np.array([1e-300, 1e300])).count == STEPS


def test_areas_are_nested_and_the_lowest_is_the_whole_square():
    values = np.add.outer(np.linspace(-1, 1, 9) ** 2, np.linspace(-1, 1, 9) ** 2) + 0.01
    shapes = areas(values, Levels.over(values), 80.0)
    assert [shape["step"] for shape in shapes] == list(range(STEPS))
    sizes = [sum(area(ring) for polygon in shape["geometry"]["coordinates"] for ring in polygon) for shape in shapes]
    np.testing.assert_allclose(sizes[0], 6400.0)
    assert (np.diff(sizes) < 0).all()
    # At half of the steps the loss is l = √(0.01 · 2.01), on a circle of radius √(l − 0.01) times the half side, 40.
    hole = 6400.0 - sizes[STEPS // 2]
    assert hole == pytest.approx(np.pi * 40**2 * (np.sqrt(0.01 * 2.01) - 0.01), rel=0.15)


def area(ring):
    """Return the area of a closed ring by the shoelace formula, negative for a hole."""
    x, y = np.array(ring).T
    return -0.5 * float(x[:-1] @ y[1:] - x[1:] @ y[:-1])


def test_a_path_goes_from_ring_to_dot_over_a_surface():
    table = surface(np.ones((5, 5)) + np.eye(5), SETTINGS | {"explained": [0.9, 0.05], "axes": "principal components"},
                    [(0, 0), (1, 2), (3, 3)])  # fmt: skip
    rows, title = drawn(landscape_surface(table, TRIALS))
    assert [(row["alpha"], row["end"]) for row in rows if "end" in row] == [(0.0, "start"), (3.0, "end")]
    assert title["text"] == "Loss around the minimiser of batch 16 (sgd, 0.1), run 0.0"
    assert title["subtitle"] == "the optimizer's path from ring to dot, with a point at each evaluation"
    assert "first principal component, 90.0% of variance" in json.dumps(landscape_surface(table, TRIALS).to_dict())


def test_losses_beyond_the_range_are_the_highest_level_of_a_surface():
    losses = np.ones((5, 5)) + np.eye(5)
    losses[0, 0] = np.inf
    rows, title = drawn(landscape_surface(surface(losses), TRIALS))
    assert title["subtitle"] == "losses beyond the floating-point range are drawn as the highest level"
    assert max(row["step"] for row in rows) == STEPS - 1
    with pytest.raises(Missing, match="whole plane"):
        landscape_surface(surface(np.full((5, 5), np.inf)), TRIALS)


@pytest.mark.parametrize("table", [line(), line([0.5] * 5), surface(np.zeros((5, 5))), surface(np.eye(5), path=[(1, 1)])])
def test_pictures_are_png_svg_and_a_page_that_needs_no_network(table, tmp_path):
    png, svg, page = write_pictures(table, TRIALS, tmp_path / "pictures" / "one-0.0-ab")
    assert [file.name for file in (png, svg, page)] == [f"one-0.0-ab.{suffix}" for suffix in ("png", "svg", "html")]
    assert png.read_bytes().startswith(b"\x89PNG")
    assert svg.read_text().startswith("<svg")
    assert "<script src=" not in page.read_text()


def test_pictures_that_cannot_be_written_are_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepgdError, match=r"cannot write .*choose another --out"):
        write_pictures(line(), TRIALS, tmp_path / "file" / "one")


def test_a_landscape_is_summarised_as_text_and_as_json(tmp_path):
    assert in_words(line()) == "line 0.0 to 7.1: train loss 0.100 at α = 0, 0.200 at α = 1, at most 2.00 between them"
    assert in_words(line([3.0, 0.1, None, 0.2, 4.0])).endswith("at most beyond the floating-point range between them")
    assert in_words(surface(np.eye(5) + 1)) == "surface 0.0: train loss 1.00 to 2.00"
    told = as_json(line([None, 0.1, 2.0, 0.2, 4.0]), tmp_path / "a.parquet", [tmp_path / "a.png"])
    assert told == {
        "kind": "line", "numbers": f"{tmp_path}/a.parquet", "pictures": [f"{tmp_path}/a.png"],
        "train_loss": {"min": 0.1, "max": 4.0}, "points_beyond_range": 1,
    }  # fmt: skip
