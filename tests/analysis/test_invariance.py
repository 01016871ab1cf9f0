from study_tables import curvature, value

from sweepgd.analysis.invariance import invariance


def found(*rows):
    return {row["measure"]: row for row in invariance(curvature(*rows)).to_pylist()}


def both(trial, before, after, measure="lambda_max", **columns):
    return value(trial, before, measure, **columns), value(trial, after, measure, rescaling=10.0, **columns)


def test_observed_invariance_stands_beside_the_theory():
    rows = found(
        *both(0, 2.0, 20.0),
        *both(1, 3.0, 60.0),
        *both(2, 4.0, 40.0),
        *both(0, 5.0, 5.01, "asam_max"),
        *both(1, 5.0, 4.98, "asam_max"),
    )
    assert rows["lambda_max"] == {
        "measure": "lambda_max", "minimisers": 3, "rescaling_from": 10.0, "rescaling_to": 10.0, "ratio": 10.0,
        "share_equal": 0.0, "seen": "changes", "expected": "changes", "message": None,
    }  # fmt: skip
    assert (rows["asam_max"]["seen"], rows["asam_max"]["expected"], rows["asam_max"]["minimisers"]) == (
        "invariant",
        "invariant",
        2,
    )


def test_a_difference_of_one_percent_and_the_recorded_errors_is_tolerated():
    assert found(*both(0, 1.0, 1.0099))["lambda_max"]["seen"] == "invariant"
    assert found(*both(0, 1.0, 1.02))["lambda_max"]["seen"] == "changes"
    assert found(*both(0, 1.0, 1.10, error=0.05))["lambda_max"]["seen"] == "invariant"
    assert found(*both(0, 1.0, 1.12, error=0.05))["lambda_max"]["seen"] == "changes"


def test_values_of_different_settings_or_weights_are_not_compared():
    rows = found(
        value(0, 1.0, settings="one"), value(0, 1.0, settings="two", rescaling=2.0), value(0, 1.0, which="best", settings="two")
    )
    assert (rows["lambda_max"]["minimisers"], rows["lambda_max"]["seen"]) == (0, "inconclusive")
    assert rows["lambda_max"]["message"] == "no minimiser has values both as trained and after rescaling"


def test_zero_missing_and_unknown_values_have_no_ratio():
    assert found(*both(0, 0.0, 0.0))["lambda_max"]["ratio"] is None
    assert found(*both(0, 0.0, 0.0))["lambda_max"]["seen"] == "invariant"
    assert found(*both(0, None, 1.0))["lambda_max"]["seen"] == "inconclusive"
    assert found(*both(0, 1.0, 1.0, "of_the_future"))["of_the_future"]["expected"] is None
    assert found(value(0, 1.0)) == {}
    assert found() == {}
