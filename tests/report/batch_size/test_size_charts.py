"""The charts of batch size show what the tables say."""

import pyarrow as pa
import pytest
from analysis.batch_size.planted import hyperbola, planted

from sweepgd.analysis.batch_size.update_times import BUSY
from sweepgd.report.charts import CHARTS, Missing, equal_by_batch_size, rate_by_batch_size, steps_by_batch_size
from sweepgd.report.charts.log_axes import size_x

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def rows(chart):
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def titles(chart):
    return chart.to_dict()["title"]


def test_steps_stand_beside_perfect_scaling_and_the_fit():
    chart = steps_by_batch_size(planted(hyperbola))
    of_line = {name: [row for row in rows(chart) if row.get("line") == name] for name in ("measured", "perfect scaling", "fit")}
    lines = {name: [row for row in found if "steps" in row] for name, found in of_line.items()}
    measured = {row["batch_size"]: row["steps"] for row in lines["measured"]}
    assert sorted(measured) == list(SIZES)
    assert measured[1] == pytest.approx(4_100_000, rel=0.01)
    perfect = {row["batch_size"]: row["steps"] for row in lines["perfect scaling"]}
    assert perfect[256] == pytest.approx(measured[1] / 256)
    seconds = {
        name: {row["batch_size"]: row["seconds"] for row in found if "seconds" in row} for name, found in of_line.items()
    }
    assert seconds["measured"][1] == pytest.approx(measured[1] / 1000 * 11e-6)  # the recorded updates are thousands
    assert seconds["perfect scaling"][256] == pytest.approx(seconds["measured"][1] / 256)
    fit = lines["fit"][-1]
    assert (fit["batch_size"], fit["steps"]) == (pytest.approx(256), pytest.approx(100_000 * (1 + 40 / 256), rel=0.02))
    assert titles(chart)["text"] == "Updates and time to validation loss 0.1 by batch size"
    assert titles(chart)["subtitle"][1].startswith("sgd: B_crit 40.0, 20 % beyond perfect scaling at 9.2")


def test_steps_need_a_target_that_two_sizes_reached():
    with pytest.raises(Missing, match="no target: set a goal in the"):
        steps_by_batch_size(planted(hyperbola, goal=None))
    assert rows(steps_by_batch_size(planted(hyperbola, goal=None), 0.1))
    with pytest.raises(Missing, match="no optimizer reached the target at two or more batch sizes"):
        steps_by_batch_size(planted(hyperbola), 1e-9)


def test_rates_at_an_end_are_hollow_and_void():
    chart = rate_by_batch_size(planted(hyperbola, rates=(0.2, 0.4, 0.8)))
    assert all(row["at_end"] for row in rows(chart) if "at_end" in row)
    assert titles(chart)["subtitle"][-1].endswith(", void: a best rate is the lowest or highest tried")
    with pytest.raises(Missing, match="three learning rates or more"):
        rate_by_batch_size(planted(hyperbola, rates=(0.2, 0.4)))


def test_times_show_the_knee_in_microseconds():
    chart = CHARTS["time_by_batch_size"](planted(hyperbola))
    axes = [panel["layer"][0]["encoding"]["y"] for panel in chart.to_dict()["hconcat"]]
    assert [axis["title"] for axis in axes] == ["time per update (µs)", "time per epoch (ms)"]
    assert {axis["axis"]["format"] for axis in axes} == {",.3~r"}
    times = [row["time"] for row in rows(chart) if row["batch_size"] == 256]
    assert sorted(set(times)) == pytest.approx([266e-3 * 4, 266])  # µs an update, ms an epoch of four updates
    assert titles(chart)["subtitle"][0] == "lowest decile over completed runs, without evaluations; bars: 95 % intervals"
    assert "sgd at batch size 10.0" in titles(chart)["subtitle"][1]


def test_times_of_a_busy_machine_are_noted_below_the_title():
    study = planted(hyperbola)
    seconds = study.trials["seconds_per_update"].to_numpy()
    slow = study.trials["replicate"].to_numpy() > 0
    index = study.trials.column_names.index("seconds_per_update")
    disturbed = study.trials.set_column(index, "seconds_per_update", pa.array(seconds * (1 + 9 * slow)))
    for name, arguments in (("time_by_batch_size", {}), ("equal_by_batch_size", {}), ("loss_curves", {"x": "seconds"})):
        assert titles(CHARTS[name](study._replace(trials=disturbed), **arguments))["subtitle"][-1] == BUSY


def test_equal_budgets_have_four_panels():
    chart = equal_by_batch_size(planted(hyperbola)).to_dict()
    panels = [panel["title"] for row in chart["vconcat"] for panel in (layer["layer"][0] for layer in row["hconcat"])]
    assert [title.partition(":")[0] for title in panels] == ["equal epochs", "equal updates", "equal time", "equal train loss"]


def test_test_errors_at_equal_budgets_are_in_percent():
    study = planted(hyperbola)
    index = study.curves.column_names.index("test_error")
    errors = pa.array([0.04] * study.curves.num_rows)
    chart = equal_by_batch_size(study._replace(curves=study.curves.set_column(index, "test_error", errors)))
    assert {round(row["value"], 9) for row in rows(chart)} == {4.0}
    assert "test error (%)" in str(chart.to_dict())


def test_the_axis_is_labelled_at_sizes_that_were_run():
    axis = size_x([8, 2, 32, 2]).to_dict()
    assert (axis["axis"]["values"], axis["axis"]["format"]) == ([2, 8, 32], "d")
