"""Charts across hyperparameters: the expected best of k, importance and slices, and the figures of a study with their texts."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from study_tables import curvature, curves, run, study_of_rates, trials

from sweepgd.report.charts import Missing, by_rate, expected_by_trials, hyperparameter_importance, objective_slices, rate_curves
from sweepgd.report.study_figures import study_figures


def results(table, points=None, sweep_toml=""):
    points = curves() if points is None else points
    return SimpleNamespace(trials=table, curves=points, curvature=curvature(), sweep_toml=sweep_toml)


def rows(chart):
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_each_optimizer_has_a_line_of_its_expected_best():
    chart = expected_by_trials(results(study_of_rates()[0]))
    assert {row["optimizer"]: row["configurations"] for row in rows(chart)} == {"adam": 20, "sgd": 20}
    assert chart.to_dict()["title"]["subtitle"][1] == "a configuration that did not complete counts with the worst value"
    with pytest.raises(Missing, match=r"the sweep gives \[\[points\]\]"):
        expected_by_trials(results(study_of_rates()[0], sweep_toml="[[points]]\nlearning_rate = 0.1\n"))
    with pytest.raises(Missing, match="two optimizers"):
        expected_by_trials(results(trials(*(run(trial, 1.0) for trial in range(5)))))


def test_importance_has_a_panel_for_the_objective_and_one_for_divergence():
    chart = hyperparameter_importance(results(study_of_rates()[0])).to_dict()
    assert [panel["title"]["text"] for panel in chart["hconcat"]] == ["for a low objective", "for divergence"]
    assert chart["title"]["subtitle"][1] == (
        "for a low objective: 5 of 31 configurations against all; for divergence: 9 of 40 configurations against all"
    )
    names = {row["hyperparameter"] for values in chart["datasets"].values() for row in values}
    assert names == {"optimizer", "batch size", "learning rate"}


def test_slices_show_the_objective_at_numbers_texts_and_lists():
    settings = ['{"hidden": [8], "name": "mlp"}', '{"hidden": [16], "name": "mlp"}']
    table = trials(
        *(run(t, t + 1.0, learning_rate=0.1 * (t + 1), model_settings=settings[t % 2]) for t in range(4)), run(4, None)
    )
    chart = objective_slices(results(table)).to_dict()
    axes = [panel["encoding"]["x"]["title"] for panel in chart["vconcat"][0]["hconcat"]]
    assert axes == ["learning rate", "model.hidden"]
    drawn = list(chart["datasets"].values())
    assert [row["value"] for row in drawn[1]] == ["[8]", "[16]", "[8]", "[16]"]
    assert [row["objective"] for row in drawn[0]] == [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(Missing):
        objective_slices(results(trials(run(0, 1.0), run(1, 2.0, learning_rate=1.0))))


def test_each_batch_size_has_a_curve_of_rates_for_each_optimizer():
    chart = rate_curves(results(study_of_rates()[0])).to_dict()
    panels = chart["vconcat"][0]["hconcat"]
    assert [panel["title"]["text"] for panel in panels] == ["adam", "sgd"]
    adam, sgd = ([chart["datasets"][layer["data"]["name"]] for layer in panel["layer"]] for panel in panels)
    best = {size: min((p["objective"], p["rate"]) for p in adam[0] if p["batch"] == size)[1] for size in (8, 1024)}
    assert best == {8: 0.001, 1024: 0.01}
    assert [(point["batch"], point["rate"]) for point in sgd[1]] == [(8, 1.0), (32, 1.0)]
    assert {point["objective"] for point in sgd[1]} == {max(point["objective"] for point in adam[0] + sgd[0])}
    assert chart["title"]["subtitle"].endswith("; cross: no run completed, some diverged")
    with pytest.raises(Missing, match="two batch sizes with 3 learning rates"):
        rate_curves(results(trials(*(run(trial, 1.0, batch_size=8 << trial) for trial in range(4)))))


def test_many_configurations_are_sampled(monkeypatch):
    # The function has the name of its module.
    monkeypatch.setattr(import_module("sweepgd.report.charts.by_rate"), "MOST_SHOWN", 10)
    monkeypatch.setattr("sweepgd.report.charts.slices_chart.MOST_CONFIGURATIONS", 10)
    table = results(study_of_rates()[0])
    chart = by_rate(table).to_dict()
    assert chart["title"]["subtitle"].endswith("; 10 of 31 points, drawn at random")
    assert max(map(len, chart["datasets"].values())) == 10
    assert objective_slices(table).to_dict()["title"]["subtitle"].endswith("; 10 of 31, drawn at random")


def test_figures_have_texts_and_missing_ones_a_reason():
    without = {}
    names = ("rate_batch_map", "loss_curves", "spectral_density")
    found = list(study_figures(results(*study_of_rates()), names=names, without=without.__setitem__))
    assert [figure.name for figure in found] == ["loss_curves", "rate_batch_map"]
    assert found[0].title == "Train and validation loss by batch size"
    assert (
        found[1].caption == "area of a cross: share of replicates that diverged; grey: no run completed; outlined: lowest value"
        "; the colours end at 10 times the lowest value; mlp on digits"
    )
    assert {name: str(reason) for name, reason in without.items()} == {
        "spectral_density": "no completed run has a spectral density"
    }
