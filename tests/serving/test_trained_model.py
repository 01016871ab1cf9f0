"""A model from a record predicts new rows as the training had them, and has the recorded loss and error."""

import json
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import call
from serving.trained_runs import cells, recorded, write

import sweepgd
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.layout import tensors_in
from sweepgd.serving.new_rows import read_rows

SHAKY = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"


def test_export_then_predict_gives_the_recorded_error_exactly(results, run, monkeypatch):
    made = run("export", str(results.directory), "-o", "m.npz")
    assert made.err == "trial 0, replicate 0, final weights, the best trial\n"
    assert made.out == "Wrote m.npz. Next: sweepgd predict m.npz for its test rows, or sweepgd predict m.npz FILE.csv\n"
    row = results.trials.to_pylist()[0]
    scores = sweepgd.Model.load("m.npz").evaluate_part()
    assert scores == (12, row["test_loss"], row["test_error"])
    shown = run("predict", "m.npz")
    assert re.fullmatch(r"12 test rows of .*d\.csv: (error \S+ %, )?loss \S+ \(as recorded\)\n", shown.err)
    assert len(shown.out.splitlines()) == 1 + 12
    with monkeypatch.context() as terminal:
        terminal.setattr(type(sys.stdout), "isatty", lambda _: True)
        first = run("predict", "m.npz").out.splitlines()
    assert first[-1] == "These are the first 10 of 12 rows, with 6 digits; -o FILE writes all rows in full."
    cells = [line.split(",") for line in (first[0], *first[1:-1])]
    whole = [line.split(",") for line in shown.out.splitlines()[:11]]
    assert cells == [[f"{float(cell):.6g}" if "." in cell else cell for cell in row] for row in whole]
    assert run("predict", "m.npz", "--part", "validation").err.endswith("(as recorded)\n")


def test_rows_of_a_file_become_the_inputs_of_the_training(results, model):
    file = str(results.directory.parent / "d.csv")
    rows = read_rows(model, file)
    for part, at in (("train", slice(0, 36)), ("validation", slice(36, 48)), ("test", slice(48, 60))):
        np.testing.assert_array_equal(rows.inputs[at], model.own_part(part).inputs)
    assert model.scores(rows.inputs[48:], rows.targets[48:], file) == model.evaluate_part()


def test_predictions_are_those_of_the_network_in_plain_numpy(model):
    inputs = model.own_part("test").inputs
    first, bias, second, last = (tensor.astype(np.float64) for tensor in tensors_in(model.parameters, model.layout))
    outputs = np.maximum(inputs @ first + bias, 0) @ second + last
    if not model.classes:
        mean, scale = model.target_scaling
        np.testing.assert_allclose(model.predictions(inputs), (outputs * scale + mean)[:, 0], rtol=1e-6)
        with pytest.raises(UsageError, match=r"predict_proba is for classification"):
            model.probabilities(inputs)
        return
    outputs = np.hstack([np.zeros_like(outputs), outputs]) if outputs.shape[1] == 1 else outputs
    odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    np.testing.assert_allclose(model.probabilities(inputs), odds / odds.sum(axis=1, keepdims=True), atol=1e-6)
    assert model.predictions(inputs).tolist() == np.array(model.classes)[outputs.argmax(axis=1)].tolist()


def table(rows):
    """Rows as a user has them in memory: dates are days since 1970."""
    days = [int((np.datetime64(row[2]) - np.datetime64("1970-01-01")).astype(int)) for row in rows]
    return [[float(row[0] or "nan"), row[1] or None, day] for row, day in zip(rows, days, strict=True)]


def test_arrays_and_data_frames_are_predicted_as_the_file(two):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    model, rows = two.model(), cells("two")
    expected = model.predictions(read_rows(model, str(two.directory.parent / "d.csv")).inputs)
    found = table(rows)
    names = list(model.columns)
    assert names == ["age", "sex", "seen"]
    frame = pandas.DataFrame(found, columns=names).assign(more=1)[["more", *reversed(names)]]
    note = r"^the rows: column 'sex' is 'x' in 4 rows but in no training row: all inputs of this column are 0 in these rows$"
    for given in (found, np.array(found, dtype=object), frame, polars.DataFrame(found, schema=names, orient="row")):
        with pytest.warns(UserWarning, match=note) as warned:
            assert model.predict(given).tolist() == expected.tolist()
        assert [warning.filename for warning in warned] == [__file__]
    labels = [row[3] for row in rows]
    with pytest.warns(UserWarning, match=note):
        assert model.evaluate(found, labels).error == np.mean(expected != labels)
    with pytest.raises(UsageError, match=r"the rows have no column 'sex': the model takes 3 columns"):
        model.predict(frame.drop(columns="sex"))
    with pytest.raises(UsageError, match=r"the rows lack 2 columns \('sex', 'seen'\): the model takes 3 columns"):
        model.predict(frame[["age"]])
    with pytest.raises(UsageError, match=r"have shape \(60, 2\): give \(rows, 3\)"):
        model.predict([row[:2] for row in found])
    with pytest.raises(SweepgdError, match=r"the targets: column 'y' has class 'middle'"):
        model.evaluate(found[:1], ["middle"])


def test_a_model_is_pickled_and_says_what_it_is(two):
    model = two.model()
    model.predict(table(cells("two"))[:9])
    again = pickle.loads(pickle.dumps(model))
    assert again.evaluate_part() == model.evaluate_part()
    error = f"{100 * two.trials['test_error'][0].as_py():.3g}"
    assert repr(model) == (
        f"<sweepgd.Model mlp 6-4-1, classification of 2 classes, from train trial 0.0 (final), test error {error} %>"
    )


def test_a_file_of_rows_without_targets_or_with_some(two, run, tmp_path):
    two.model().save("m.npz")
    rows = cells("two")[:6]
    write(tmp_path / "none.csv", [row[:3] for row in rows], "age,sex,seen")
    write(tmp_path / "some.csv", [[*row[:3], "" if number else row[3]] for number, row in enumerate(rows)])
    alone, some = run("predict", "m.npz", "none.csv"), run("predict", "m.npz", "some.csv")
    assert (alone.code, alone.err) == (0, "")
    write(tmp_path / "x.csv", [["", "x", "2024-05-01"]] * 2, "age,sex,seen")
    note = "x.csv: column 'sex' is 'x' in 2 rows but in no training row: all inputs of this column are 0 in these rows\n"
    assert run("predict", "m.npz", "x.csv").err == note
    write(tmp_path / "x.csv", [["", level, "2024-05-01"] for level in "xfuvwyyz"], "age,sex,seen")
    note = "'sex' has 6 levels ('u', 'v', 'w', 'x', 'y', and 1 more) in 7 rows but in no training row: all inputs"
    err = run("predict", "m.npz", "x.csv").err
    assert note in err
    assert err.count("\n") == 1
    assert alone.out == some.out
    assert some.err.startswith("1 row of some.csv: ")
    assert alone.out.splitlines()[0] == "prediction,p(high),p(low)"
    assert run("predict", "m.npz", "none.csv", "-o", "out.csv").out == "Wrote out.csv.\n"
    assert (tmp_path / "out.csv").read_text() == alone.out
    as_json = json.loads(run("predict", "m.npz", "some.csv", "--json").out)
    assert as_json["model"]["trial"] == 0
    assert as_json["scores"]["rows"] == 1
    assert list(as_json["predictions"]) == ["prediction", "p(high)", "p(low)"]


def test_a_gap_in_a_column_that_had_none_is_filled_as_in_training(two):
    model, dates = two.model(), sorted(row[2] for row in cells("two")[:36])
    middle = np.array(dates[17:19], dtype="datetime64[D]").astype(int).mean()
    assert model.header.imputed["seen"] == middle
    assert "seen missing" not in model.header.inputs
    assert model.predict_proba([[30.0, "f", np.nan]]).tolist() == model.predict_proba([[30.0, "f", middle]]).tolist()


def test_a_model_of_a_plugin_is_found_by_its_name(tmp_path, run):
    sweepgd.train("synthetic_linear", "shaky", epochs=1, plugins=[SHAKY], out=tmp_path / "run")
    assert run("export", "run", "-o", "m.npz", "--plugin", str(SHAKY)).code == 0
    assert "(as recorded)" in run("predict", "m.npz", "--plugin", str(SHAKY)).err
    alone = run("predict", "m.npz")
    assert (alone.code, alone.err.count("\n")) == (2, 1)
    assert "model 'shaky' of " in alone.err
    assert "is not installed: install it, or give its file with --plugin" in alone.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (("1,f,2024-05-01,odd", "age,sex,seen,y"), "column 'y' has class 'odd', which is not in the training file"),
        (("1,f", "age,sex"), "the rows have no column 'seen', which the model takes; the file has age, sex: add the columns"),
        (("1;f;2024-05-01", "age;sex;seen"), "lack 3 columns ('age', 'sex', 'seen'), which the model takes; the file has age;"),
        (("old,f,2024-05-01", "age,sex,seen"), "'age', row 1 is 'old', not a number: write a number, as in the training file"),
        (("'1,5',f,2024-05-01", "age,sex,seen"), "cannot read new.csv: CSV parse error"),
        (("1,f,2024-05-01", "1,f,x"), "its first line looks like data (1, f, x), not like names: add a first line with the"),
        (("2024-05-01,f,2024-05-01", "age,sex,seen"), "row 1 is '2024-05-01', not a number: write numbers, as in the training"),
        (("é,f,2024-05-01", "age,sex,seen"), "line 2 is not UTF-8 text: save the file as UTF-8"),
        (("inf,f,2024-05-01", "age,sex,seen"), "column 'age', row 1 is inf: correct the value"),
    ],
)
def test_a_fault_in_a_file_of_rows_is_one_line(two, run, tmp_path, content, message):
    two.model().save("m.npz")
    (tmp_path / "new.csv").write_text(f"{content[1]}\n{content[0]}\n", encoding="latin-1")
    ended = run("predict", "m.npz", "new.csv")
    assert ended.code in (1, 2)
    assert message in ended.err
    assert (ended.err.count("\n"), ended.out) == (1, "")
    assert "data." not in ended.err


def test_a_gap_without_a_rule_to_fill_it_is_named(tmp_path):
    rows = [[row[0] or "1", row[1] or "f", *row[2:]] for row in cells("two")]
    file = write(tmp_path / "full.csv", rows)
    keep = ["data.target='y'", "data.task='classification'", 'data.categories="all"', 'data.dates="all"', "model.hidden=[2]"]
    sweepgd.train(file, "mlp", epochs=1, overrides=keep, out=tmp_path / "run")
    model = sweepgd.load(tmp_path / "run").model()
    for rows, name in ([[np.nan, "f", 1]], "age"), ([[1.0, None, 1]], "sex"):
        with pytest.raises(SweepgdError, match=rf"column '{name}', row 1 is missing, and the model was trained without a rule"):
            model.predict(rows)


def test_moved_data_are_found_by_data_path(tmp_path, monkeypatch, capsys):
    (tmp_path / "before").mkdir()
    model = recorded(tmp_path / "before", "three").model()
    model.save(tmp_path / "m.npz")
    (tmp_path / "before" / "d.csv").rename(tmp_path / "moved.csv")
    with pytest.raises(SweepgdError, match=r"no such file: .*d\.csv, data\.path of this sweep: give its new path"):
        model.evaluate_part()
    expected = call(monkeypatch, capsys, "predict", str(tmp_path / "m.npz"), "--data-path", str(tmp_path / "moved.csv"))
    assert "(as recorded)" in expected.err
    write(tmp_path / "moved.csv", cells("three")[::-1])
    with pytest.raises(SweepgdError, match=r"moved\.csv is not what the model was trained on"):
        model.evaluate_part("test", tmp_path / "moved.csv")
