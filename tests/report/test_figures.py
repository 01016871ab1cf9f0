import re
from types import SimpleNamespace

import altair as alt
import pytest
from study_tables import curvature, curves, run, study_of_rates, trials, value

from sweepgd.core.errors import SweepgdError
from sweepgd.report.charts import (
    CHARTS,
    Missing,
    by_rate,
    edge_of_stability,
    loss_curves,
    measure_gap,
    rate_batch,
    spectral_density,
)
from sweepgd.report.charts.chart_files import save_chart
from sweepgd.report.charts.style import finished
from sweepgd.report.figures import write_figures


def results(table, points=None, *measured):
    """Return the tables of a results directory that charts read."""
    points = curves() if points is None else points
    return SimpleNamespace(trials=table, curves=points, curvature=curvature(*measured), sweep_toml="")


def rows(chart):
    """Return all values that are drawn in a chart."""
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_loss_curves_show_the_best_of_each_batch_size():
    shown = rows(loss_curves(results(*study_of_rates())))
    runs = ["8 (adam, rate 0.001)", "32 (sgd, rate 0.1)", "128 (adam, rate 0.01)", "1024 (adam, rate 0.01)"]
    assert list(dict.fromkeys(row["run"] for row in shown)) == runs
    assert len(shown) == 4 * 11 * 2


def test_the_map_shows_every_cell():
    shown = rows(rate_batch(results(*study_of_rates())))
    assert len({(row["learning_rate"], row["batch_size"]) for row in shown}) == 20
    assert any(row["objective"] is None and row["share_diverged"] == 1 for row in shown)


def test_a_cell_of_pruned_runs_shows_their_last_value_with_a_ring():
    table = trials(
        run(0, 1.0, batch_size=8), run(1, 0.5, batch_size=64, status="pruned"), run(2, 2.0, batch_size=8, learning_rate=1.0),
        run(3, None, batch_size=64, learning_rate=1.0),
    )  # fmt: skip
    chart = rate_batch(results(table))
    cells = {(row["batch_size"], row["learning_rate"]): (row["objective"], row["pruned"]) for row in rows(chart)}
    assert cells == {(8, 0.1): (1.0, False), (8, 1.0): (2.0, False), (64, 0.1): (0.5, True), (64, 1.0): (None, False)}
    shown = chart.to_dict()
    assert "ring: last value of pruned runs" in shown["title"]["subtitle"]
    filters = [layer.get("transform", [{}])[0].get("filter") for layer in shown["layer"]]
    assert (filters.count("datum.pruned"), filters.count("!datum.pruned && datum.objective === 1.0")) == (2, 1)
    assert "ring" not in rate_batch(results(study_of_rates()[0])).to_dict()["title"]["subtitle"]


def test_a_line_joins_the_best_configurations_at_each_rate():
    table = trials(
        run(0, 1.0, learning_rate=0.1), run(1, 2.0, learning_rate=0.1), run(2, 3.0, learning_rate=1.0), run(3, None),
        run(4, 0.5, 0, learning_rate=0.1), run(4, 0.5, 1, learning_rate=0.1, status="failed"),
    )  # fmt: skip
    datasets = by_rate(results(table)).to_dict()["datasets"].values()
    drawn = {tuple(sorted((row["rate"], row["value"] or 0.0) for row in values)) for values in datasets}
    line, points, crosses = ((0.1, 1.0), (1.0, 3.0)), ((0.1, 0.5), (0.1, 1.0), (0.1, 2.0), (1.0, 3.0)), ((0.1, 0.0),)
    assert drawn == {line, points, crosses}


@pytest.mark.parametrize("table", [trials(), trials(run(0, None))])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_without_data_raises_missing(name, table):
    with pytest.raises(Missing):
        CHARTS[name](results(table, None, value(0, 1.0)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return the folder of the figures of a study, their files, and what was said about the missing ones."""
    folder, said = tmp_path_factory.mktemp("drawn") / "figures", []
    written = write_figures(results(*study_of_rates()), folder, lambda *missing: said.append(missing))
    return folder, written, said


def test_figures_are_png_and_svg_and_missing_ones_are_reported(drawn):
    folder, written, said = drawn
    names = [name for name in CHARTS if name not in dict(said)]
    assert written == [folder / (name + suffix) for name in names for suffix in (".png", ".svg")]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[::2])
    assert all(path.read_text().startswith("<svg") for path in written[1::2])
    assert [f"{name}: {missing}" for name, missing in said] == [
        "boundary_map: the map needs a full grid of 32 or more learning rates by 32 or more values of one other"
        " setting, in which some runs completed and some diverged",
        "surface_paths: no completed run recorded positions on a two-dimensional surface",
        "measure_against_gap: no completed run has a measure of curvature and a generalization gap",
        "edge_of_stability: no completed run has λmax measured during training: set measure.every and search again",
        "spectral_density: no completed run has a spectral density",
        "steps_by_batch_size: no target: set a goal in the [budget] of the sweep, or give --target",
        "mistakes: the data are not images, or no run completed",
        "first_layer: the data are not images, or no run completed",
    ]


def test_the_same_tables_give_the_same_figures(drawn, tmp_path):
    first, second = drawn[1], write_figures(results(*study_of_rates()), tmp_path, lambda name, missing: None)
    assert [path.read_bytes() for path in first[::2]] == [path.read_bytes() for path in second[::2]]
    # Vega numbers its colour gradients and clip paths consecutively in a process.
    first_svg, second_svg = (
        [re.sub(r"(gradient_|clip)\d+", "", path.read_text()) for path in svg[1::2]] for svg in (first, second)
    )
    assert first_svg == second_svg


def test_figures_with_zeros_and_a_single_run_are_drawn(tmp_path):
    table = trials(run(0, 0.0, batch_size=8), run(1, 0.0, learning_rate=0.01))
    points = curves(
        *(
            {"trial": trial, "replicate": 0, "update": update, "epoch": float(update), "train_loss": 0.0}
            for trial in (0, 1)
            for update in (0, 1)
        )
    )
    assert len(write_figures(results(table, points), tmp_path, lambda name, missing: None)) == 10


def test_an_unwritable_directory_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepgdError, match=r"cannot write figures to .*choose another"):
        write_figures(results(trials()), tmp_path / "file", lambda name, missing: None)


def test_each_measure_has_a_panel_of_its_runs_with_their_tau():
    table = trials(*(run(trial, 1.0, generalization_gap=float(trial), batch_size=8 << trial % 3) for trial in range(12)))
    measured = [value(trial, 10.0**trial, name) for name in ("lambda_max", "lambda_max_2", "trace") for trial in range(12)]
    chart = measure_gap(results(table, None, *measured[:-1], value(3, 1.0, "sam_step"))).to_dict()
    panels = chart["vconcat"][0]["hconcat"]
    assert [panel["encoding"]["x"]["title"] for panel in panels] == ["lambda_max", "trace", "sam_step"]
    assert panels[0]["title"]["text"] == "τ +1.00  [+0.92, +1.00]"
    assert panels[2]["title"]["text"] == "τ undefined: only one run has both the measure and the generalization gap"
    drawn = [chart["datasets"][panel["data"]["name"]] for panel in panels]
    assert [len(points) for points in drawn] == [12, 11, 1]
    assert drawn[2] == [{"measure": 1.0, "gap": 3.0, "batch": 8}]


def test_lambda_max_is_drawn_with_its_threshold_for_the_best_of_each_batch_size():
    table = trials(run(0, 2.0, batch_size=8), run(1, 1.0, batch_size=8), run(2, 1.0, batch_size=64), run(3, 0.1, batch_size=64))
    points = [
        {"trial": t, "replicate": 0, "update": u, "epoch": u / 10, "learning_rate": 0.5} for t in range(4) for u in (10, 20)
    ]
    measured = [value(t, 3.0 + t, update=u, which="path") for t in (0, 1, 2) for u in (10, 20)]
    drawn = rows(edge_of_stability(results(table, curves(*points), *measured)))
    # Trial 3 is the best of its size, but was not measured. The edge begins with training, not with the first measurement.
    assert [tuple(row.values()) for row in drawn] == [
        (epoch, value, line, name)
        for name, largest in (("8 (sgd, 0.1)", 4.0), ("64 (sgd, 0.1)", 5.0))
        for line, value, epochs in (("λmax", largest, (1.0, 2.0)), ("edge of stability", 4.0, (0.0, 1.0, 2.0)))
        for epoch in epochs
    ]


def test_lambda_max_is_drawn_with_its_l2_penalty():
    decayed = {"hyperparameters": {"weight_decay": 0.5}}
    table, points = (
        trials(run(0, 1.0, **decayed)),
        [{"trial": 0, "replicate": 0, "update": 10, "epoch": 1.0, "learning_rate": 0.5}],
    )
    chart = edge_of_stability(results(table, curves(*points), value(0, 3.0, update=10, which="path")))
    assert [(row["line"], row["value"]) for row in rows(chart)] == [
        ("λmax", 3.5), ("edge of stability", 4.0), ("edge of stability", 4.0)
    ]  # fmt: skip
    assert chart.to_dict()["title"]["subtitle"][1].startswith("an L2 penalty adds at most its weight decay to λmax")


def test_a_single_measurement_is_a_dot_and_the_edge_is_a_line():
    momentum = {"optimizer": "momentum", "hyperparameters": {"beta": 0.9}}
    points = [
        {"trial": t, "replicate": 0, "update": u, "epoch": u / 10, "learning_rate": 0.5 if u else None}
        for t in (0, 1)
        for u in (0, 10, 30)
    ]
    table = trials(run(0, 1.0, batch_size=8, **momentum), run(1, 1.0, batch_size=64, optimizer="adam"))
    measured = [value(t, 3.0, update=10, which="path") for t in (0, 1)]
    chart = edge_of_stability(results(table, curves(*points), *measured))
    assert [(row["epoch"], row["value"]) for row in rows(chart) if row["line"] != "λmax"] == [
        (0.0, 7.6),
        (1.0, 7.6),
        (3.0, 7.6),
    ]
    layers = chart.to_dict()["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["line", "point"]
    assert layers[1]["transform"] == [{"filter": "(datum.line === 'λmax')"}]
    assert chart.to_dict()["title"]["subtitle"][1] == "no edge is known for adam"


def test_densities_are_those_of_the_best_of_each_batch_size():
    table = trials(run(0, 2.0, batch_size=8), run(1, 1.0, batch_size=8), run(2, 1.0, batch_size=64), run(3, None, batch_size=4))
    measured = [
        value(t, 1.0, "spectral_density", grid=[0.0, 1.0, None], density=[1.0, float(t), 1.0], rescaling=factor)
        for t in range(4)
        for factor in (1.0, 10.0)
    ]
    chart = spectral_density(results(table, None, *measured, value(2, 1.0, "spectral_density", grid=[7.0], density=[5.0])))
    panels = chart.to_dict()["vconcat"][0]["hconcat"]
    assert [panel["title"]["text"] for panel in panels] == ["batch size 8 (sgd, 0.1)", "batch size 64 (sgd, 0.1)"]
    assert rows(chart) == [
        {"eigenvalue": 0.0, "density": 1.0}, {"eigenvalue": 1.0, "density": 1.0}, {"eigenvalue": 7.0, "density": 5.0}
    ]  # fmt: skip


def test_densities_are_of_the_same_weights_as_the_losses():
    """If only the other weights were measured, the densities are of these, and the title says which weights they are of."""
    final, best = (
        value(0, 1.0, "spectral_density", grid=[at], density=[1.0], which=w) for at, w in ((3.0, "final"), (5.0, "best"))
    )
    as_it_ended, as_it_was_best = (trials(run(0, 1.0, evaluated_at_update=update)) for update in (100, 60))
    for table, measured, which, eigenvalue in (
        (as_it_ended, (final, best), "final", 3.0),
        (as_it_ended, (best,), "best", 5.0),
        (as_it_was_best, (best, final), "best", 5.0),
    ):
        chart = spectral_density(results(table, None, *measured))
        assert f"at the {which} weights" in chart.to_dict()["title"]["text"]
        assert [row["eigenvalue"] for row in rows(chart)] == [eigenvalue]


def test_control_characters_of_a_name_are_escaped_in_a_file(tmp_path):
    """A name with an escape character, at which vl-convert aborts the process, is drawn with the text \\x1b."""
    rows = [{"optimizer": "fast\x1b[31m", "value": 1.0}]
    chart = alt.Chart(alt.InlineData(rows)).mark_bar().encode(x="value:Q", y="optimizer:N")
    save_chart(finished(chart, "title\x1b", "caption"), tmp_path / "bars.svg")
    drawn = (tmp_path / "bars.svg").read_text()
    assert "\x1b" not in drawn
    assert "fast\\x1b[31m" in drawn
    assert "title\\x1b" in drawn
