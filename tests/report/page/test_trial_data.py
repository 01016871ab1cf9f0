"""The trials of a study as columns: which are shown, their values and texts, and their curves."""

from types import SimpleNamespace

import pytest
from study_tables import curves, run, study_of_rates, trials

from sweepgd.report.page import trial_data as module
from sweepgd.report.page.trial_data import trial_data


def data(table, points=None):
    found = trial_data(SimpleNamespace(trials=table, curves=curves() if points is None else points))
    columns = {
        column["name"]: [column["levels"][value] for value in column["values"]] if "levels" in column else column["values"]
        for column in found["columns"]
    }
    return found, columns


def test_the_best_trials_come_first_with_their_status_and_message():
    table = trials(
        run(0, 2.0, 0), run(0, None, 1, message="the loss is NaN"), run(1, 1.0 / 3, 0), run(1, 1.0 / 3, 1),
        run(2, None, 0, message="too large"), run(2, None, 1), run(3, 1.5, 0, status="pruned"), run(3, 1.5, 1, status="pruned"),
    )  # fmt: skip
    found, columns = data(table)
    assert columns["trial"] == [1, 0, 3, 2]
    assert columns["status"] == ["completed", "1 of 2 diverged", "pruned", "diverged"]
    assert columns["objective"] == [0.33333, 2, None, None]
    assert columns["message"] == ["", "the loss is NaN", "", "too large"]
    assert "test_loss" not in columns
    assert (found["axes"], found["trials"]) == ([], 4)


def test_varied_settings_are_columns_and_axes():
    settings = ['{"hidden": [8], "name": "mlp"}', '{"hidden": [16], "name": "mlp"}']
    rows = (
        run(t, 1.0 + t, hyperparameters={"momentum": 0.1 * t} if t else {}, model_settings=settings[t % 2]) for t in range(3)
    )
    found, columns = data(trials(*rows))
    assert found["axes"] == ["momentum", "model.hidden"]
    assert columns["momentum"] == [None, 0.1, 0.2]
    assert columns["model.hidden"] == ["[8]", "[16]", "[8]"]
    assert columns["batch_size"] == [32, 32, 32]


@pytest.mark.parametrize(("most", "shown"), [(40, 40), (12, 12)])
def test_of_many_trials_the_best_and_an_even_sample_are_shown(monkeypatch, most, shown):
    monkeypatch.setattr(module, "MOST_TRIALS", most)
    monkeypatch.setattr(module, "MOST_BEST", 4)
    monkeypatch.setattr(module, "MOST_CURVES", 6)
    monkeypatch.setattr(module, "MOST_POINTS", 5)
    table, points = study_of_rates()
    found, columns = data(table, points)
    assert len(columns["trial"]) == len(set(columns["trial"])) == shown
    assert columns["trial"][:4] == [28, 1, 23, 12]
    assert found["trials"] == 40
    known = [value for value in columns["objective"] if value is not None]
    assert known == sorted(known)
    assert columns["objective"][-1] is None  # a diverged trial is the last of the sample
    assert len(found["curves"]) <= 6
    curve = found["curves"]["28"]
    assert [len(values) for values in curve.values()] == [5, 5, 5]
    assert (curve["update"][0], curve["update"][-1]) == (0, 310)
    assert curve["train_loss"][0] == pytest.approx(2.3 - 0.0223 / 2, rel=0.01)


def test_a_study_without_trials_has_columns_without_values():
    found, columns = data(trials())
    assert (found["trials"], found["curves"], columns["trial"]) == (0, {}, [])
