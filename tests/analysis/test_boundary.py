"""The box-counting dimension of boundaries whose dimension is known, and the grids that have one."""

import json

import numpy as np
import pytest
from study_tables import run, trials

from sweepgd.analysis.boundary import boundary, box_counts, dimension, outcome_grids

POINTS = np.arange(256)
ROWS, COLUMNS = np.meshgrid(POINTS, POINTS, indexing="ij")
SHAPES = {
    "half plane": (ROWS < 128, 1.0, 1e-9),
    "half plane between boxes": (ROWS < 77, 1.0, 1e-9),
    "disc": ((ROWS - 128) ** 2 + (COLUMNS - 128) ** 2 < 90**2, 1.0, 0.05),
    # 1.67 in place of 1.58: boxes that only touch the triangle are counted too.
    "Sierpinski triangle": ((ROWS & COLUMNS) == 0, np.log2(3), 0.1),
    "noise": (np.random.default_rng(0).random((256, 256)) < 0.5, 2.0, 0.05),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_dimension_of_a_known_boundary(name):
    mask, expected, tolerance = SHAPES[name]
    assert dimension(*box_counts(mask)) == pytest.approx(expected, abs=tolerance)
    assert dimension(*box_counts(~mask)) == pytest.approx(expected, abs=tolerance)


def test_the_boxes_of_a_straight_boundary_are_counted():
    sizes, counts = box_counts(SHAPES["half plane"][0])
    assert sizes.tolist() == [1, 2, 4, 8, 16, 32]
    assert counts.tolist() == [256, 128, 64, 32, 16, 8]


def grid(points=32, **columns):
    """A study of rates and scales in which the runs above the diagonal diverge."""
    rows = []
    for number in range(points * points):
        rate, scale = number % points, number // points
        settings = json.dumps({"init_scale": 0.5 + scale})
        rows.append(run(number, None if rate > scale else 1.0, learning_rate=0.1 + rate, model_settings=settings))
        rows[-1] |= columns
    return rows


def test_a_grid_of_rates_and_scales_has_a_boundary():
    ((replicate, found),) = outcome_grids(trials(*grid())).items()
    assert replicate == 0
    assert (found.x, found.y) == ("learning_rate", "model.init_scale")
    np.testing.assert_array_equal(found.diverged, np.triu(np.ones((32, 32), dtype=bool), 1))
    rows = boundary(trials(*grid())).to_pylist()
    assert [row["box"] for row in rows] == [1, 2, 4]
    assert rows[0] | {"box": 0, "boxes": 0, "dimension": 0} == {
        "x": "learning_rate", "y": "model.init_scale", "box": 0, "boxes": 0, "columns": 32, "rows": 32,
        "diverged": 496, "runs": 1024, "dimension": 0, "replicate": 0,
    }  # fmt: skip
    assert rows[0]["dimension"] == pytest.approx(1.0, abs=0.1)


def test_each_replicate_has_a_boundary_of_its_own():
    """Replicate 1 is a full grid in which every second diagonal diverges, and replicate 2 diverges everywhere."""
    stripes = [
        row | {"replicate": 1, "status": "diverged" if (number % 32 + number // 32) % 2 else "completed"}
        for number, row in enumerate(grid())
    ]
    everywhere = [row | {"replicate": 2, "status": "diverged"} for row in grid()]
    rows = boundary(trials(*stripes, *everywhere, *grid())).to_pylist()
    assert [row["replicate"] for row in rows] == [0, 0, 0, 1, 1, 1]
    assert rows[0]["dimension"] == pytest.approx(1.0, abs=0.1)
    assert rows[3]["dimension"] == pytest.approx(2.0, rel=1e-3)


def changed(number, **columns):
    rows = grid()
    rows[number] |= columns
    return rows


@pytest.mark.parametrize(
    "rows",
    [
        grid(points=31),
        grid()[:-1],
        [*grid(), grid()[0] | {"replicate": 1}],
        changed(0, batch_size=8),
        changed(0, status="failed"),
        changed(0, model_settings=json.dumps({"init_scale": "large"})),
        changed(0, data_settings=json.dumps({"rows": 7})),
        [row | {"status": "completed"} for row in grid()],
        [row | {"status": "diverged"} for row in grid()],
    ],
    ids=["small", "incomplete", "replicates", "batch", "failed", "text", "a third axis", "all completed", "all diverged"],
)
def test_other_studies_have_none(rows):
    assert boundary(trials(*rows)).num_rows == 0
