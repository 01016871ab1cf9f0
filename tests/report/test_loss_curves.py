from math import log

import pytest
from study_tables import Tables, curves, run, study_of_rates, trials

from sweepgd.report.charts import Missing, loss_curves
from sweepgd.report.charts.curve_lines import MOST_COLOURS, OTHERS
from sweepgd.report.charts.style import COLOURS, MOST_POINTS


def results(table, points=None):
    """Return the tables of a results directory that the chart reads."""
    return Tables(table, curves=curves() if points is None else points)


def rows(chart):
    """Return all values that are drawn in a chart, each once."""
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def curve(trial, losses, replicate=0, **columns):
    """Return the rows of a curve with an evaluation every 10 updates."""
    return [
        {"trial": trial, "replicate": replicate, "update": 10 * index, "epoch": float(index), "seconds": index / 4}
        | {"train_loss": loss, "learning_rate": 0.1}
        | {name: values[index] for name, values in columns.items()}
        for index, loss in enumerate(losses)
    ]


def panels(chart):
    """Return the panels of a chart of loss curves as dictionaries: the first loss, and the rate below it if it is drawn."""
    first = chart.to_dict()["hconcat"][0]
    return first.get("vconcat", [first])


def lines(chart):
    """Return the points (x, loss) of each label."""
    shown = {}
    for row in rows(chart):
        if "loss" in row:
            shown.setdefault(row["run"], []).append((row["x"], row["loss"]))
    return {label: sorted(set(points)) for label, points in shown.items()}


def test_train_and_validation_loss_have_a_panel_each():
    shown = loss_curves(results(*study_of_rates())).to_dict()
    assert [panel["layer"][0]["encoding"]["x"]["title"] for panel in shown["hconcat"]] == ["epochs", "epochs"]
    titles = [panel["layer"][1]["encoding"]["y"]["title"] for panel in shown["hconcat"]]
    assert titles == ["train loss", "validation loss"]


def test_the_band_is_the_standard_error_of_the_mean():
    table = trials(run(0, 1.0, 0), run(0, 1.0, 1))
    chart = loss_curves(results(table, curves(*curve(0, [2.0, 1.0]), *curve(0, [4.0, 1.0], 1))))
    ends = [(row["loss"], row["low"], row["high"]) for row in rows(chart)]
    assert ends == [(3.0, 2.0, 4.0), (1.0, 1.0, 1.0)]


def test_the_horizontal_axis_is_epochs_or_updates():
    for x, places in (("epoch", [0.0, 1.0]), ("update", [0, 10])):
        chart = loss_curves(results(trials(run(0, 1.0)), curves(*curve(0, [2.0, 1.0]))), x=x)
        assert [row["x"] for row in rows(chart)] == places
        assert panels(chart)[0]["layer"][0]["encoding"]["x"]["title"] == f"{x}s"


@pytest.mark.parametrize(
    ("seconds", "last", "title"), [(4e-3, 42.0, "time (ms)"), (4e-7, 4.2, "time (µs)"), (4.0, 42.0, "time (s)")]
)
def test_the_time_is_from_the_lowest_decile_of_the_time_of_an_update(seconds, last, title):
    """Of the times 1, 1.25 and 50 units, the lowest decile is 1.05 units."""
    table = trials(*(run(0, 1.0, r, seconds_per_update=seconds * units) for r, units in enumerate((50.0, 1.0, 1.25))))
    chart = loss_curves(results(table, curves(*(row for r in range(3) for row in curve(0, [2.0, 1.0], r)))), x="seconds")
    assert [row["x"] for row in rows(chart)] == pytest.approx([0.0, last])
    assert panels(chart)[0]["layer"][-1]["encoding"]["x"]["title"] == title


def test_without_varied_batch_sizes_the_lines_are_by_optimizer_or_rate():
    points = curves(*curve(0, [2.0, 1.0]), *curve(1, [2.0, 1.5]))
    for changed, labels in (
        ({"batch_size": 64, "optimizer": "adam"}, ["32 (sgd, rate 0.1)", "64 (adam, rate 0.1)"]),
        ({"optimizer": "adam", "learning_rate": 0.2}, ["sgd (batch 32, rate 0.1)", "adam (batch 32, rate 0.2)"]),
        ({"learning_rate": 0.2}, ["0.1 (batch 32, sgd)", "0.2 (batch 32, sgd)"]),
    ):
        assert list(lines(loss_curves(results(trials(run(0, 1.0), run(1, 1.5, **changed)), points)))) == labels


def test_every_rate_is_a_line_and_one_that_diverged_leaves_the_picture():
    table = trials(
        run(0, 1.0, learning_rate=0.2), run(1, 8.0, learning_rate=0.002), run(2, None, 0, learning_rate=5.0),
        run(2, None, 1, learning_rate=5.0),
    )  # fmt: skip
    points = (*curve(0, [10.0, 1.0]), *curve(1, [10.0, 8.0]), *curve(2, [10.0, 1e5]), *curve(2, [11.0, 1e7], 1))
    chart = loss_curves(results(table, curves(*points)), by="learning_rate")
    shown = lines(chart)
    assert list(shown) == ["0.002 (batch 32, sgd)", "0.2 (batch 32, sgd)", "5 (batch 32, sgd, diverged)"]
    # It leaves at 3 times the highest loss of the others, on the straight line of its logarithm.
    (start, (place, top)) = shown["5 (batch 32, sgd, diverged)"]
    assert (start, top) == ((0.0, 10.0), 30.0)
    assert place == pytest.approx(log(3) / log(1e4))
    assert "cross: the first diverged run of a configuration leaves the picture" in chart.to_dict()["title"]["subtitle"]


def test_a_batch_size_of_which_no_run_completed_is_drawn():
    table = trials(run(0, 1.0, batch_size=8), run(1, None, batch_size=64))
    chart = loss_curves(results(table, curves(*curve(0, [3.0, 1.0]), *curve(1, [3.0, 1e9]))))
    assert list(lines(chart)) == ["8 (sgd, rate 0.1)", "64 (sgd, rate 0.1, diverged)"]


def test_seven_lines_have_colours_and_the_others_are_grey():
    table = trials(*(run(trial, 1.0 + abs(trial - 12), learning_rate=2.0**-trial) for trial in range(20)))
    points = [row for trial in range(20) for row in curve(trial, [50.0, 1.0 + abs(trial - 12)])]
    for by in ("learning_rate", "trial"):
        chart = loss_curves(results(table, curves(*points)), by=by)
        shown = lines(chart)
        assert len(shown) == MOST_COLOURS + 1
        assert len(rows(chart)) == 2 * 20
        colour = panels(chart)[0]["layer"][-1]["encoding"]["color"]["scale"]
        assert colour["domain"][-1] == OTHERS
        assert colour["range"][:-1] == COLOURS
        # the best, and both ends of the range
        for trial in (0, 12, 19) if by == "learning_rate" else (12, 0):
            assert (1.0, 1.0 + abs(trial - 12)) in [point for label in shown if label != OTHERS for point in shown[label]]


def test_losses_over_two_decades_have_a_logarithmic_axis():
    for last, kind in ((0.1, "log"), (0.2, None)):
        chart = loss_curves(results(trials(run(0, 1.0)), curves(*curve(0, [10.0, last]))))
        assert panels(chart)[0]["layer"][-1]["encoding"]["y"]["scale"].get("type") == kind


def test_updates_of_very_different_number_have_a_logarithmic_axis():
    table = trials(run(0, 1.0, batch_size=8), run(1, 1.0, batch_size=1000))
    points = curve(0, [3.0] * 30) + [row | {"update": row["update"] // 10} for row in curve(1, [3.0, 1.0])]
    scales = {
        x: panels(loss_curves(results(table, curves(*points)), x=x))[0]["layer"][-1]["encoding"]["x"]["scale"].get("type")
        for x in ("update", "epoch")
    }
    assert scales == {"update": "log", "epoch": None}


def test_on_a_surface_losses_are_against_updates_and_labels_have_no_batch_size():
    table = trials(*(run(trial, 1.0, data="none", batch_size=1, optimizer=rule) for trial, rule in enumerate(("sgd", "adam"))))
    chart = loss_curves(results(table, curves(*curve(0, [3.0] * 30), *curve(1, [2.0] * 30))))
    assert list(lines(chart)) == ["sgd (rate 0.1)", "adam (rate 0.1)"]
    x = panels(chart)[0]["layer"][-1]["encoding"]["x"]
    assert (x["title"], x["scale"]["type"], x["scale"]["domain"]) == ("updates", "log", [10, 290])
    # Colours are in the order of the names, in every chart of a study.
    assert panels(chart)[0]["layer"][-1]["encoding"]["color"]["scale"]["range"] == [COLOURS[1], COLOURS[0]]


def test_on_a_logarithmic_axis_a_line_begins_after_an_update():
    table = trials(run(0, 1.0, batch_size=8), run(1, 1.0, batch_size=1000))
    points = curve(0, [3.0] * 30) + [row | {"update": row["update"] // 10} for row in curve(1, [3.0, 1.0])]
    shown = lines(loss_curves(results(table, curves(*points)), x="update"))
    assert sorted(found[0] for found in shown.values()) == [(1, 1.0), (10, 3.0)]


def test_a_rate_that_changes_is_drawn_below_the_loss():
    points = curves(*curve(0, [3.0, 2.0, 1.0], learning_rate=[None, 0.4, 0.1]))
    chart = loss_curves(results(trials(run(0, 1.0)), points), by="schedule")
    assert [(row["x"], row["share"]) for row in rows(chart) if "share" in row] == [(0.0, 1.0), (1.0, 1.0), (2.0, 0.25)]
    assert panels(chart)[1]["encoding"]["y"]["title"] == ["learning rate,", "share of its highest"]
    constant = loss_curves(results(trials(run(0, 1.0)), curves(*curve(0, [3.0, 2.0]))))
    assert len(panels(constant)) == 1


def test_losses_that_are_negative_are_drawn():
    table = trials(run(0, -1.0, learning_rate=0.1), run(1, None, learning_rate=9.0))
    chart = loss_curves(results(table, curves(*curve(0, [0.0, -1.0]), *curve(1, [0.0, 100.0]))), by="trial")
    assert lines(chart)["1 (batch 32, sgd, rate 9, diverged)"] == [(0.0, 0.0), (pytest.approx(0.0012), pytest.approx(0.12))]


def test_losses_down_to_0_are_drawn_at_the_bottom_of_a_logarithmic_axis():
    chart = loss_curves(results(trials(run(0, 1.0)), curves(*curve(0, [5.0, 1e-3, 1e-300, 0.0]))))
    assert [row["loss"] for row in rows(chart)] == [5.0, 1e-3, 5e-12, 5e-12]
    assert panels(chart)[0]["layer"][-1]["encoding"]["y"]["scale"]["type"] == "log"
    assert chart.to_dict()["title"]["subtitle"][-1] == "losses below 5e-12 are drawn at the bottom"


def test_a_long_line_is_thinned_and_keeps_its_ends_and_a_short_burst():
    losses = [3.0 - index / 5000 for index in range(5000)]
    losses[3333] = 9.0
    shown = rows(loss_curves(results(trials(run(0, 1.0)), curves(*curve(0, losses)))))
    assert len(shown) <= MOST_POINTS
    assert (shown[0]["loss"], shown[-1]["loss"]) == (3.0, losses[-1])
    assert (3333.0, 9.0) in {(row["x"], row["loss"]) for row in shown}


def test_labels_name_the_schedule_if_it_varies_and_the_trial_if_they_are_the_same():
    table = trials(
        run(0, 1.0, schedule="cosine"), run(1, 1.0), run(2, 1.0, hyperparameters={"beta": 0.9}),
        run(3, 1.0, 0, optimizer="adam"), run(3, None, 1, optimizer="adam"),
    )  # fmt: skip
    points = [row for trial in range(4) for row in curve(trial, [3.0, 1.0])]
    shown = lines(loss_curves(results(table, curves(*points)), by="learning_rate"))
    assert list(shown) == [
        "0.1 (batch 32, sgd, cosine)",
        "0.1 (batch 32, sgd, constant, trial 1)",
        "0.1 (batch 32, sgd, constant, trial 2)",
        "0.1 (batch 32, adam, constant, 1 of 2 completed)",
    ]


def test_a_study_without_curves_has_no_picture():
    with pytest.raises(Missing, match="no run has a loss curve"):
        loss_curves(results(trials(run(0, 1.0))))
