import json

import pytest
from study_tables import Tables, curvature, curves, run, trials, value

from sweepgd.analysis.sharpness import sharpness
from sweepgd.report.summary_tables import to_json


def results(table, *measured):
    return Tables(table, curves=curves(), curvature=curvature(*measured))


def completed(count, **columns):
    return trials(*(run(trial, 1.0, train_loss=0.1, **columns) for trial in range(count)))


def test_without_curvature_there_are_no_tables():
    assert sharpness(results(completed(3))) == {}


def test_each_measure_has_a_description_a_paper_and_its_missing_values():
    tables = sharpness(
        results(
            completed(2),
            value(0, 1.0, "phi_0.001"),
            value(1, None, "phi_0.001", message="the loss is not finite"),
            value(0, 1.0, "of_the_future"),
        )
    )
    phi, unknown = tables["measures"].to_pylist()
    assert "box around the minimiser" in phi["description"]
    assert "Keskar et al. 2017" in phi["source"]
    assert (phi["values"], phi["missing"], phi["message"], phi["invariant"]) == (1, 1, "the loss is not finite", False)
    assert (unknown["measure"], unknown["description"], unknown["values"]) == ("of_the_future", None, 1)


def how(rows, exact):
    return json.dumps({"rows": rows, "dtype": "float32", "exact": exact})


def test_measures_have_their_settings_and_the_number_of_unused_values():
    recorded = [value(trial, 1.0, settings=how(500, True), rows=500) for trial in range(2)]
    recorded += [value(0, 2.0, settings=how(50, True), rows=50), value(0, 3.0, "trace", settings=how(50, False), rows=50)]
    largest, trace = sharpness(results(completed(2), *recorded))["measures"].to_pylist()
    assert [largest[name] for name in ("values", "rows", "dtype", "exact", "others")] == [2, 500, "float32", True, 1]
    assert [trace[name] for name in ("values", "rows", "dtype", "exact", "others")] == [1, 50, "float32", False, 0]


def test_rescaled_rows_and_measurements_along_training_are_not_missing():
    recorded = [
        value(0, 1.0),
        value(0, None, rescaling=10.0, message="rescaled"),
        value(0, None, which="path", update=10, message="path"),
        value(1, None, message="final"),
        value(0, None, "trace", which="path", message="path"),
    ]
    largest, trace = sharpness(results(completed(2), *recorded))["measures"].to_pylist()
    assert (largest["values"], largest["missing"], largest["message"]) == (1, 1, "final")
    assert (trace["values"], trace["missing"], trace["message"], trace["rows"]) == (0, 0, None, None)


def test_correlations_with_the_test_error_exist_for_classification():
    recorded = [value(trial, 1.0 + trial) for trial in range(3)]
    assert set(sharpness(results(completed(3), *recorded))["correlations"]["target"].to_pylist()) == {"generalization_gap"}
    tables = sharpness(results(completed(3, test_error=0.1), *recorded))
    assert set(tables["correlations"]["target"].to_pylist()) == {"generalization_gap", "test_error"}
    assert set(tables["granulated"]["target"].to_pylist()) == {"generalization_gap", "test_error"}


@pytest.mark.parametrize(
    ("table", "recorded"),
    [
        (trials(), [value(0, 1.0)]),
        (trials(run(0, None)), [value(0, 1.0)]),
        (completed(1), [value(0, 1.0)]),
        (completed(3), [value(0, None), value(1, float("nan")), value(2, float("inf"))]),
        (completed(12, generalization_gap=0.5), [value(trial, 2.0) for trial in range(12)]),
        (completed(12, learning_rate=0.0, batch_size=None), [value(trial, 2.0 + trial) for trial in range(12)]),
        (completed(2), [value(0, 1.0, which="path", update=10), value(1, 0.0, rescaling=2.0)]),
    ],
)
def test_degenerate_studies_have_tables_without_nan(table, recorded):
    tables = to_json(sharpness(results(table, *recorded)))
    json.dumps(tables, allow_nan=False)
    assert {row["verdict"] for row in tables["correlations"]} <= {"undefined", "too few"}
    assert all(row["message"] for row in (*tables["correlations"], *tables["granulated"]))
