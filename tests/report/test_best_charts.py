import pytest
from study_tables import Tables, run, trials

from sweepgd.analysis.objective_name import objective_name
from sweepgd.report.charts import Missing, by_rate, error_by_batch_size, objective_slices, rate_batch, rate_curves


def results(table):
    """Return the tables of a results directory with these trials."""
    return Tables(table)


def rows(chart):
    """Return all values that are drawn in a chart, each once."""
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_irregular_rates_have_equal_cells_and_the_title_names_the_objective():
    rates = (0.002, 0.2, 0.999, 5.0)
    table = trials(*(
        run(trial, None if rate == 5.0 else 1.0 + trial, batch_size=size, learning_rate=rate)
        for trial, (size, rate) in enumerate((size, rate) for size in (1, 1000) for rate in rates)
    ))  # fmt: skip
    chart = rate_batch(results(table))
    shown = chart.to_dict()
    x = shown["layer"][0]["encoding"]["x"]
    assert (x["field"], x["type"], x["axis"]["labelOverlap"]) == ("learning_rate", "ordinal", False)
    assert {row["learning_rate"] for row in rows(chart)} == set(rates)
    assert shown["title"]["text"] == "Lowest validation loss by learning rate and batch size"
    assert {row["learning_rate"] for row in rows(chart) if row["share_diverged"]} == {5.0}


def test_the_colours_of_the_map_end_at_10_times_the_lowest_value():
    cells = [(size, rate) for size in (1, 64) for rate in (0.1, 0.2)]
    values = (2.0, 3.0, 19.0, 500.0)
    for last, domain in ((500.0, [2.0, 20.0]), (20.0, [2.0, 20.0]), (8.0, [2.0, 19.0])):
        table = trials(*(
            run(trial, value, batch_size=size, learning_rate=rate)
            for trial, ((size, rate), value) in enumerate(zip(cells, (*values[:3], last), strict=True))
        ))  # fmt: skip
        chart = rate_batch(results(table)).to_dict()
        colour = chart["layer"][1]["encoding"]["color"]
        assert (colour["scale"]["domain"], colour["scale"].get("clamp", False)) == (domain, last == 500.0)
        assert ("' or more'" in colour["legend"].get("labelExpr", "")) == (last == 500.0)
        assert chart["title"]["subtitle"].endswith("the colours end at 10 times the lowest value") == (last == 500.0)


@pytest.mark.parametrize("chart", [rate_batch, by_rate, rate_curves, objective_slices])
def test_an_error_is_in_percent_in_every_chart(chart):
    table = trials(*(
        run(trial, 0.02 + trial / 100, batch_size=size, learning_rate=rate, validation_loss=None)
        | {"validation_error": 0.02 + trial / 100}
        for trial, (size, rate) in enumerate((size, rate) for size in (8, 64) for rate in (0.1, 0.2, 0.4))
    ))  # fmt: skip
    drawn = chart(results(table))
    shown = {round(row[name], 9) for row in rows(drawn) for name in ("objective", "value") if name in row}
    assert {2.0, 3.0, 4.0} <= shown
    assert "validation error (%)" in str(drawn.to_dict())


def test_an_objective_that_is_no_loss_is_called_objective():
    assert objective_name(trials(run(0, 1.0, validation_loss=2.0))) == "objective"
    assert objective_name(trials(run(0, 1.0, validation_loss=2.0, test_error=1.0))) == "test error"
    assert objective_name(trials(run(0, None))) == "objective"


def test_without_validation_rows_the_test_error_is_beside_the_train_error():
    errors = [{"train_error": 0.1 * trial, "validation_error": None, "test_error": 0.2 * trial} for trial in (1, 2)]
    table = trials(*(run(trial, 1.0, batch_size=8 * (trial + 1), **errors[trial]) for trial in (0, 1)))
    chart = error_by_batch_size(results(table))
    assert chart.to_dict()["title"]["text"] == "Train and test error by batch size"
    points = {(row["batch_size"], row["part"]): row["error"] for row in rows(chart)}
    assert points == {(8, "train"): 10.0, (8, "test"): 20.0, (16, "train"): 20.0, (16, "test"): 40.0}


def test_a_diverged_size_is_named_and_a_lone_configuration_is_not_best():
    table = trials(run(0, None, batch_size=1), *(run(size, 1.0, batch_size=size, validation_error=0.1) for size in (8, 64)))
    subtitle = error_by_batch_size(results(table)).to_dict()["title"]["subtitle"]
    assert subtitle == ["after 10 epochs; means over completed replicates", "batch size 1: every run diverged"]


def test_one_learning_rate_needs_no_figure_of_rates():
    with pytest.raises(Missing, match="all runs have the same learning rate"):
        by_rate(results(trials(*(run(trial, 1.0, batch_size=8 * (trial + 1)) for trial in (0, 1)))))


def test_errors_are_in_percent_with_intervals_of_four_replicates_or_more():
    table = trials(
        *(run(0, 1.0, r, batch_size=8, train_error=0.1, validation_error=0.2 + 0.01 * r) for r in range(4)),
        run(1, 1.0, batch_size=64, train_error=0.3, validation_error=0.4), run(2, 9.0, batch_size=64, train_error=0.0),
    )  # fmt: skip
    chart = error_by_batch_size(results(table))
    points = {(row["batch_size"], row["part"]): row for row in rows(chart)}
    assert {row["line"] for row in points.values()} == {"best rate of each size"}
    assert {key: pytest.approx(row["error"]) for key, row in points.items()} == {
        (8, "train"): 10.0, (8, "validation"): 21.5, (64, "train"): 30.0, (64, "validation"): 40.0
    }  # fmt: skip
    # t(3) at 97.5 % is 3.1824, and the standard error of 20, 21, 22 and 23 % is 0.6455.
    interval = points[8, "validation"]
    assert (interval["low"], interval["high"]) == (
        pytest.approx(21.5 - 2.0543, abs=1e-3),
        pytest.approx(21.5 + 2.0543, abs=1e-3),
    )
    assert points[64, "train"]["low"] is None
    first, second = chart.to_dict()["title"]["subtitle"]
    assert first.startswith("the best configuration of each size after 10 epochs")
    assert "biased low" in second


def test_errors_at_the_one_rate_at_which_most_sizes_completed_are_dashed():
    errors = {(8, 0.1): 0.2, (8, 0.4): 0.1, (64, 0.1): 0.4, (64, 0.4): 0.2, (64, 1.6): 0.1, (256, 0.1): 0.5, (256, 0.4): None}
    table = trials(*(
        run(trial, error, batch_size=size, learning_rate=rate, validation_error=error)
        for trial, ((size, rate), error) in enumerate(errors.items())
    ))  # fmt: skip
    chart = error_by_batch_size(results(table))
    lines = {name: [] for name in ("best rate of each size", "rate 0.1 for all")}
    for row in {(row["line"], row["batch_size"], row["rate"], row["error"]) for row in rows(chart)}:
        lines[row[0]].append(row[1:])
    assert [sorted(line) for line in lines.values()] == [
        [(8, "0.4", 10.0), (64, "1.6", 10.0), (256, "0.1", 50.0)], [(8, "0.1", 20.0), (64, "0.1", 40.0), (256, "0.1", 50.0)]
    ]  # fmt: skip
    texts = [layer["encoding"]["text"]["field"] for layer in chart.to_dict()["layer"] if layer["mark"]["type"] == "text"]
    assert texts == ["rate", "rate"]
    # Without the largest size, 0.1 and 0.4 completed at two sizes each, and 0.4 has the lower mean error.
    chart = error_by_batch_size(results(table.slice(0, 5)))
    assert {row["line"] for row in rows(chart)} == {"best rate of each size", "rate 0.4 for all"}
