"""The measures that `[measure]` records for the runs of a search: at minimisers and along the runs, also if they fail."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from linear_sweep import assert_same, sweep
from run_builders import configuration

from sweepgd import load, search, train
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.random_streams import MEASURE, stream
from sweepgd.curvature.catalogue import MEASURES, UNMEASURED
from sweepgd.plugins.single_file import registered
from sweepgd.record import decode
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial import TrialTask, measured, run

SHAKY = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"
EXACT = ("model.dtype='float64'", "measure.settings.lambda_max.tolerance=1e-9")


def rows_of(result):
    """Return the rows of curvature in the record of a trial."""
    return decode(result.record).curvature


def hessian_max(part):
    """Return the largest eigenvalue of XᵀX/n, X with a column of ones: of the Hessian of ½ squared error on a part."""
    inputs = np.column_stack([part.inputs, np.ones(len(part.inputs))]).astype(np.float64)
    return np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))[-1]


@pytest.mark.parametrize(
    ("measure", "needed"),
    [("lambda_max", ["product"]), ("phi", ["product"]), ("noise_scale", ["second_moments"]), ("distance", [])],
)
def test_only_the_kernels_that_a_measure_needs_are_compiled(measure, needed, monkeypatch):
    kinds = []
    monkeypatch.setattr("sweepgd.kernels.signatures.compiled", lambda kind, function, dtype: kinds.append(kind))
    SweepContext(sweep(f"measure.measures=['{measure}']")).compile(["sgd"], lambda line: None)
    assert [kind for kind in kinds if kind in ("product", "second_moments")] == needed


def test_a_measure_uses_the_recorded_number_of_rows():
    context = SweepContext(sweep(*EXACT, "measure={rows=20,seed=3}", "measure.settings.lambda_max.tolerance=1e-9"))
    (row,) = rows_of(run(context, TrialTask(4, configuration(batch_size=5))))
    part = context.data(0).train
    chosen = np.sort(stream(3, MEASURE).choice(34, 20, replace=False))
    assert row["value"] == pytest.approx(hessian_max(replace(part, inputs=part.inputs[chosen])), rel=1e-8)
    assert (row["trial"], row["replicate"], row["measure"], row["which"]) == (4, 0, "lambda_max", "final")
    assert (row["update"], row["rows"], row["rescaling"], row["message"]) == (14, 20, 1.0, None)
    assert 0.0 <= row["error"] < 1e-8
    # Of 20 of 34 rows, whose inputs are standard normal: λmax, near 1.5, has an error near √(2/20) of it, times √(14/34).
    assert 0.05 < row["rows_error"] < 1.0
    assert row["training_rows"] == 34
    assert row["seconds"] > 0.0
    assert json.loads(row["settings"]) == {
        "k": 1, "tolerance": 1e-9, "seed": 3, "rows": 20, "dtype": "float64", "exact": True,
    }  # fmt: skip


def test_each_replicate_is_measured_with_its_own_data_and_initial_parameters():
    given = sweep("data.redraw=true", "search.replicates=2", *EXACT, "measure.measures=['lambda_max','distance']")
    context = SweepContext(given)
    result = run(context, TrialTask(0, configuration(batch_size=5)))
    values = {(row["replicate"], row["measure"]): row["value"] for row in rows_of(result)}
    for minimum in result.finished.minima:
        replicate = minimum["replicate"]
        assert values[replicate, "lambda_max"] == pytest.approx(hessian_max(context.data(replicate).train), rel=1e-6)
        beginning = context.architecture.initial(stream(replicate, 4))
        if minimum["which"] == "final":
            assert values[replicate, "distance"] == pytest.approx(np.linalg.norm(minimum["parameters"] - beginning))
    assert values[0, "lambda_max"] != values[1, "lambda_max"]


def test_final_and_best_weights_and_each_variant_are_rows(tmp_path):
    asked = "measure={which=['best','final','best'],measures=['sam','phi','sam'],rescale=2.0}"
    results = search(sweep(asked, "search.trials=2"), out=tmp_path, workers=1)
    rows = results.curvature
    assert rows.num_rows == 2 * 2 * 2 * (2 + 4)
    final = rows.filter((pc.field("which") == "final") & (pc.field("trial") == 1) & (pc.field("rescaling") == 1.0))
    assert final["measure"].to_pylist() == [
        "phi_0.0005", "phi_0.001", "phi_subspace_0.0005", "phi_subspace_0.001", "sam_max", "sam_step",
    ]  # fmt: skip
    assert final["value"].null_count == 0
    rescaled = rows.filter(pc.field("rescaling") == 2.0)
    assert set(rescaled["message"].to_pylist()) == {"the model has no rescaling that leaves its outputs unchanged"}


def test_measures_along_a_run_are_at_the_start_and_every_few_epochs():
    context = SweepContext(
        sweep(*EXACT, "measure.every=2", "measure.measures=['weight_norm']", "budget={epochs=5,eval_every=9}")
    )
    result = run(context, TrialTask(0, configuration(batch_size=10)))
    measured = [row for row in rows_of(result) if row["which"] == "path"]
    assert [row["update"] for row in measured] == [0, 8, 16]
    assert {row["measure"] for row in measured} == {"lambda_max"}
    assert [row["value"] for row in measured] == pytest.approx([hessian_max(context.data(0).train)] * 3, rel=1e-8)
    (norm,) = (row for row in rows_of(result) if row["which"] == "final")
    assert (norm["measure"], norm["update"]) == ("weight_norm", 20)
    final = next(each for each in result.finished.minima if each["which"] == "final")
    assert norm["value"] == pytest.approx(np.linalg.norm(final["parameters"]))


def test_measuring_changes_no_run_and_does_not_depend_on_workers(tmp_path):
    plain = search(sweep("search.replicates=2"), out=tmp_path / "plain", workers=2)
    asked = ("measure.measures=['lambda_max','trace','spectral_density','noise_scale']", "measure.every=1")
    one = search(sweep("search.replicates=2", *asked), out=tmp_path / "one", workers=1)
    two = search(sweep("search.replicates=2", *asked), out=tmp_path / "two", workers=2)
    assert one.curvature.num_rows == 6 * 2 * (3 + 5)
    assert_same(one, two)
    assert plain.curvature.num_rows == 0
    for table in ("curves", "minima"):
        drop = ["seconds"] if table == "curves" else []
        assert getattr(plain, table).drop_columns(drop).equals(getattr(one, table).drop_columns(drop))


def test_a_diverged_run_is_not_measured_and_the_other_replicate_is(tmp_path):
    rates = (
        "search.sampler='grid'",
        "space.learning_rate=[0.01,50.0]",
        "space.optimizer='sgd'",
        "optimizer={}",
        "budget.epochs=20",
    )
    results = search(sweep(*rates, "space.batch_size=5", "measure.every=5"), out=tmp_path, workers=1)
    assert results.trials["status"].to_pylist() == ["completed", "diverged"]
    assert set(results.curvature.filter(pc.field("which") == "final")["trial"].to_pylist()) == {0}
    diverged = results.curvature.filter(pc.field("trial") == 1)
    assert (diverged["which"].to_pylist(), diverged["update"].to_pylist()) == (["path"], [0])


def test_pruned_runs_are_measured(tmp_path):
    asked = ("search.pruner='asha'", "search.sampler='tpe'", "search.trials=12", "budget.epochs=27", "measure={}")
    results = search(sweep(*asked, "search.generation=4"), out=tmp_path, workers=2)
    assert set(results.trials["status"].to_pylist()) == {"completed", "pruned"}
    assert sorted(results.curvature["trial"].to_pylist()) == list(range(12))
    assert results.curvature["value"].null_count == 0


def test_a_measure_out_of_time_has_a_message_and_the_run_its_results():
    context = SweepContext(sweep("measure.measures=['phi','distance']"))
    result = measured(context, run(SweepContext(sweep()), TrialTask(0, configuration(batch_size=5))), deadline=0.0)
    assert (result.status, result.finished.rows[0]["status"]) == ("completed", "completed")
    rows = rows_of(result)
    assert len(rows) == 5
    assert {(row["value"], row["message"]) for row in rows} == {(None, UNMEASURED + "out of time")}


@pytest.mark.parametrize(
    ("peril", "why"),
    [
        (1, "ValueError: the product gives up"),
        (5, "RuntimeError: no room"),
        (2, "its worker was stopped at the trial's time limit of 4 s"),
        (3, "the worker process ended by signal SIGSEGV"),
    ],
)
def test_a_model_that_fails_in_a_measure_loses_no_trained_run(tmp_path, peril, why):
    asked = ("model.name='shaky'", f"model.peril={peril}", "search.trials=2", "measure.measures=['distance','trace']")
    limit = 4.0 if peril == 2 else None  # seconds
    results = search(sweep(*asked), out=tmp_path / "out", workers=1, plugins=[SHAKY], trial_timeout=limit)
    trials = results.trials.to_pylist()
    assert [(row["status"], row["message"]) for row in trials] == [("completed", "budget spent")] * 2
    assert all(row["train_loss"] > 0 for row in trials)
    traces = results.curvature.filter(pc.field("measure") == "trace").to_pylist()
    assert [(row["trial"], row["value"]) for row in traces] == [(0, None), (1, None)]
    assert {row["message"] for row in traces} == {f"{UNMEASURED}model 'shaky' of {SHAKY}: {why}"}
    distances = results.curvature.filter(pc.field("measure") == "distance")
    assert distances["value"].null_count == 0  # measured before it went wrong


def test_a_rescaling_that_raises_loses_no_other_value():
    asked = sweep("model.name='shaky'", "model.peril=4", "measure.rescale=2.0", "measure.measures=['trace']")
    with registered([SHAKY]):
        trained, rescaled = rows_of(run(SweepContext(asked), TrialTask(0, configuration(batch_size=5))))
    assert (trained["value"], trained["rescaling"]) == (pytest.approx(3.0), 1.0)  # of the identity
    why = f"{UNMEASURED}model 'shaky' of {SHAKY}: RuntimeError: it is [broken]"
    assert ("value" in rescaled, rescaled["rescaling"], rescaled["message"]) == (False, 2.0, why)


def test_another_measure_makes_another_sweep(tmp_path):
    search(sweep("search.trials=1", "measure={}"), out=tmp_path, workers=1)
    text = load(tmp_path).sweep_toml
    assert "[measure.settings.lambda_max]\nk = 1\n" in text
    search(sweep("search.trials=1", "measure={measures=['lambda_max','lambda_max']}"), out=tmp_path, workers=1)
    for other, says in [
        ("measure.rows=7", "measure.rows: 512 before, 7 now"),
        ("measure.settings.lambda_max.k=2", r"measure.settings.lambda_max.k: 1 before, 2 now"),
    ]:
        with pytest.raises(SweepgdError, match=says):
            search(sweep("search.trials=1", other), out=tmp_path, workers=1)
    with pytest.raises(SweepgdError, match=r"measure\.\S+: .* before, 'not given' now"):
        search(sweep("search.trials=1"), out=tmp_path, workers=1)


def test_train_records_its_measures(tmp_path):
    asked = ("measure.measures=['lambda_max','weight_norm']", "measure.every=1")
    training = train("synthetic_linear", "linear", epochs=2, batch_size=5, overrides=asked, out=tmp_path)
    rows = load(tmp_path).curvature.to_pylist()
    assert [(row["which"], row["measure"]) for row in rows] == [
        ("final", "lambda_max"),
        ("final", "weight_norm"),
        *[("path", "lambda_max")] * 3,
    ]
    assert rows[1]["value"] == pytest.approx(np.linalg.norm(training.parameters), rel=1e-6)
    with pytest.raises(UsageError, match="needs a directory for its results"):
        train("synthetic_linear", "linear", epochs=2, overrides=asked)


def test_every_measure_of_the_catalogue_is_recorded(tmp_path):
    mlp = ("model.name='mlp'", "model.hidden=[4]", "search.trials=1", "measure.rescale=3.0")
    results = search(sweep(*mlp, f"measure.measures={list(MEASURES)}"), out=tmp_path, workers=1)
    rows = results.curvature
    assert rows["value"].null_count == 0
    assert rows.filter(pc.field("rescaling") == 3.0).num_rows * 2 == rows.num_rows
    density = rows.filter(pc.field("measure") == "spectral_density").to_pylist()[0]
    assert len(density["grid"]) == len(density["density"]) > 10
    assert set(rows["training_rows"].to_pylist()) == set(rows["rows"].to_pylist()) == {34}
    assert rows["rows_error"].null_count == rows.num_rows
    for row in rows.to_pylist():
        maximum = row["measure"].startswith("phi") or row["measure"] in ("sam_max", "asam_max")
        assert (row["starts"] is not None) == maximum, row["measure"]
        if maximum:
            assert len(row["starts"]) == 24
            assert max(row["starts"]) == row["value"]
            assert row["error"] >= 0.0
