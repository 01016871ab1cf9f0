import re
from types import SimpleNamespace

import pytest
from study_tables import curves, run, study, trials

from sweepgd.problem import Problem
from sweepgd.report.charts import CHARTS, Missing, by_rate, loss_curves, rate_batch, surface_paths
from sweepgd.report.charts.axes import log_scale, log_ticks
from sweepgd.report.charts.style import MOST_POINTS, thinned
from sweepgd.report.figures import write_figures


def rows(chart):
    """All the values drawn in a chart."""
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_ticks_are_round_and_inside():
    assert log_ticks([0.011, 0.9]) == [0.02, 0.05, 0.1, 0.2, 0.5]
    assert log_ticks([1e-6, 1.0]) == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert log_ticks([0.0, 0.1, 1.0]) == [0.0, 0.1, 0.2, 0.5, 1.0]
    assert log_ticks([-1.0, 1.0]) == [-1.0, 0.0, 1.0]
    assert log_ticks([0.31, 0.34]) == [0.31, 0.32, 0.33, 0.34]
    assert log_ticks([0.3]) == [0.3]
    assert log_ticks([0.0]) == [0.0]
    assert len(log_ticks([1e-190, 1e190])) <= 9


def test_log_scales_survive_zero_and_a_single_value():
    assert log_scale([0.01, 1.0]).to_dict() == {"type": "log", "domain": [0.01, 1.0], "nice": False}
    assert log_scale([0.0, 0.5, 2.0]).to_dict() == {
        "type": "symlog", "constant": 0.5, "domain": [0.0, 2.0], "nice": False
    }  # fmt: skip
    assert log_scale([0.0]).to_dict()["domain"] == [0.0, 1.0]
    assert log_scale([2.0]).to_dict()["domain"] == [2.0 / 1.5, 3.0]


def test_a_long_line_is_thinned_and_keeps_its_ends():
    line = [{"update": update} for update in range(10_001)]
    short = thinned(line)
    assert (len(short), short[0], short[-1]) == (MOST_POINTS, line[0], line[-1])


def test_loss_curves_hold_the_best_of_each_batch_size():
    shown = rows(loss_curves(*study()))
    runs = ["8 (adam, 0.001)", "32 (sgd, 0.1)", "128 (adam, 0.01)", "1024 (adam, 0.01)"]
    assert list(dict.fromkeys(row["run"] for row in shown)) == runs
    assert {row["part"] for row in shown} == {"train", "validation"}
    assert len(shown) == 4 * 11 * 2


def test_the_map_holds_every_cell():
    shown = rows(rate_batch(*study()))
    assert len({(row["learning_rate"], row["batch_size"]) for row in shown}) == 20
    assert any(row["objective"] is None and row["share_diverged"] == 1 for row in shown)


def test_by_rate_joins_the_best_at_each_rate():
    table = trials(run(0, 1.0, learning_rate=0.1), run(1, 2.0, learning_rate=0.1), run(2, 3.0, learning_rate=1.0), run(3, None))
    datasets = by_rate(table, curves()).to_dict()["datasets"].values()
    drawn = {tuple(sorted((row["rate"], row["value"] or 0.0) for row in values)) for values in datasets}
    line, points, crosses = ((0.1, 1.0), (1.0, 3.0)), ((0.1, 1.0), (0.1, 2.0), (1.0, 3.0)), ((0.1, 0.0),)
    assert drawn == {line, points, crosses}


def test_paths_start_at_a_ring_and_end_at_a_dot():
    points = curves(*({"trial": 0, "replicate": 0, "update": u, "position": [float(u), 1.0]} for u in range(3)))
    ends = [(row["x"], row["end"]) for row in rows(surface_paths(trials(run(0, 1.0)), points)) if "end" in row]
    assert set(ends) == {(0.0, "start"), (2.0, "end")}


@pytest.mark.parametrize("table", [trials(), trials(run(0, None))])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_without_data_says_what_is_missing(name, table):
    with pytest.raises(Missing):
        CHARTS[name](table, curves())


def test_figures_are_written_as_png_and_svg_and_the_missing_named(tmp_path):
    table, points = study()
    said = []
    written = write_figures(SimpleNamespace(trials=table, curves=points), tmp_path / "figures", said.append)
    names = ["loss_curves", "rate_batch_map", "by_learning_rate"]
    assert written == [tmp_path / "figures" / (name + suffix) for name in names for suffix in (".png", ".svg")]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[::2])
    assert all(path.read_text().startswith("<svg") for path in written[1::2])
    assert said == ["no figure surface_paths: no completed run recorded positions on a two-dimensional surface"]


def test_the_same_tables_give_the_same_figures(tmp_path):
    table, points = study()
    first, second = (
        write_figures(SimpleNamespace(trials=table, curves=points), tmp_path / name, lambda line: None) for name in "ab"
    )
    assert [path.read_bytes() for path in first[::2]] == [path.read_bytes() for path in second[::2]]
    # Vega numbers its colour gradients through a process.
    first_svg, second_svg = ([re.sub(r"gradient_\d+", "", path.read_text()) for path in svg[1::2]] for svg in (first, second))
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
    assert len(write_figures(SimpleNamespace(trials=table, curves=points), tmp_path, lambda line: None)) == 6


def test_an_unwritable_directory_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"cannot write figures to .*choose another"):
        write_figures(SimpleNamespace(trials=trials(), curves=curves()), tmp_path / "file", lambda line: None)
