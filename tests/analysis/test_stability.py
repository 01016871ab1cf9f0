from study_tables import curvature, curves, run, trials, value

from sweepgd.analysis.stability import edge_of_stability, stability


def look(update, number, **columns):
    return value(0, number, update=update, which="path", **columns)


def point(update, rate, replicate=0):
    return {"trial": 0, "replicate": replicate, "update": update, "epoch": update / 10, "learning_rate": rate}


def test_looks_are_joined_with_the_rate_at_their_update():
    table = edge_of_stability(
        trials(run(0, 1.0, batch_size=8), run(0, 1.0, 1)),
        curves(point(0, None), point(10, 0.5), point(20, 0.1), point(10, 9.0, replicate=1)),
        curvature(look(20, 10.0), look(0, 1.0), look(10, 3.0), value(0, 7.0, update=20), look(10, 5.0, measure="trace")),
    )
    assert table["batch_size"].to_pylist() == [8, 8, 8]
    assert table.drop_columns(["trial", "replicate", "optimizer", "batch_size"]).to_pylist() == [
        {"update": 0, "epoch": 0.0, "learning_rate": None, "lambda_max": 1.0, "threshold": None, "ratio": None},
        {"update": 10, "epoch": 1.0, "learning_rate": 0.5, "lambda_max": 3.0, "threshold": 4.0, "ratio": 0.75},
        {"update": 20, "epoch": 2.0, "learning_rate": 0.1, "lambda_max": 10.0, "threshold": 20.0, "ratio": 0.5},
    ]


def test_the_newer_look_counts_and_a_rate_of_zero_or_none_has_no_threshold():
    table = edge_of_stability(
        trials(run(0, None)), curves(point(10, 0.0)), curvature(look(10, 1.0), look(10, 2.0), look(30, None))
    )
    assert table["lambda_max"].to_pylist() == [2.0, None]
    assert table["epoch"].to_pylist() == [1.0, None]
    assert table["threshold"].to_pylist() == [None, None]


def test_without_looks_it_is_empty():
    assert edge_of_stability(trials(), curves(point(0, 0.1)), curvature(value(0, 1.0))).num_rows == 0


def test_a_configuration_is_summed_up_by_the_look_that_came_closest():
    table = edge_of_stability(
        trials(run(0, 1.0), run(0, 1.0, 1), run(1, 1.0, optimizer="adam")),
        curves(*(point(update, 0.5, replicate) for replicate in (0, 1) for update in (10, 20)), point(10, 0.5) | {"trial": 1}),
        curvature(
            look(10, 1.0), look(20, 3.0), look(10, 6.0, replicate=1), look(20, None, replicate=1), look(10, 8.0) | {"trial": 1}
        ),
    )  # fmt: skip
    rows = stability(table).to_pylist()
    assert [(row["trial"], row["optimizer"], row["looks"], row["epoch"], row["lambda_max"], row["ratio"]) for row in rows] == [
        (1, "adam", 1, 1.0, 8.0, 2.0), (0, "sgd", 3, 1.0, 6.0, 1.5)
    ]  # fmt: skip
    assert [row["share_beyond"] for row in rows] == [1.0, 1 / 3]
    assert stability(table.slice(0, 0)).num_rows == 0
