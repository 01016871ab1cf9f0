import re
from datetime import datetime

import numpy as np
import pytest
from recorded import STARTED

from sweepgd.record.schema import CURVATURE, CURVES, MINIMA, SCHEMAS, TRIALS, footer, plain

CONTRACT = [
    "trial",
    "replicate",
    "config_id",
    "status",
    "message",
    "data",
    "model",
    "optimizer",
    "schedule",
    "batch_schedule",
    "batch_size",
    "learning_rate",
    "hyperparameters",
    "settings",
    "seed",
    "epochs",
    "updates",
    "samples",
    "dtype",
    "attempt",
    "objectives",
    "train_loss",
    "validation_loss",
    "test_loss",
    "train_error",
    "validation_error",
    "test_error",
    "generalization_gap",
    "steps_to_goal",
    "diverged_at_update",
    "last_finite_loss",
    "train_seconds",
    "seconds_per_update",
    "seconds_per_epoch",
    "started_at",
    "finished_at",
    "worker",
]
INTEGERS = {"trial", "replicate", "batch_size", "seed", "updates", "samples", "attempt", "steps_to_goal"}
INTEGERS |= {"diverged_at_update", "data_seed", "parameters", "vector_bits", "evaluated_at_update"}

BY_CLASS = [
    "validation_balanced_error",
    "test_balanced_error",
    "validation_macro_f1",
    "test_macro_f1",
    "validation_confusion",
    "test_confusion",
]


def test_trials_has_the_documented_columns_in_order():
    assert TRIALS.names == [
        *CONTRACT,
        "data_seed",
        "parameters",
        "search_state",
        "processor",
        "vector_bits",
        "evaluated_at_update",
        *BY_CLASS,
        "model_settings",
        "data_settings",
    ]


def test_types_of_trials():
    types = {field.name: str(field.type) for field in TRIALS}
    assert {name for name, kind in types.items() if kind == "int64"} == INTEGERS
    assert types["learning_rate"] == types["train_loss"] == types["epochs"] == "double"
    assert types["started_at"] == types["finished_at"] == "timestamp[us, tz=UTC]"
    assert types["hyperparameters"].startswith("map<string, double")
    assert types["objectives"] == "list<item: double>"
    assert types["test_balanced_error"] == types["validation_macro_f1"] == "double"
    assert types["test_confusion"] == types["validation_confusion"] == "list<item: list<item: int32>>"


def test_names_of_the_other_tables():
    assert CURVES.names == [
        "trial",
        "replicate",
        "update",
        "epoch",
        "samples",
        "seconds",
        "learning_rate",
        "batch_size",
        "train_loss",
        "validation_loss",
        "test_loss",
        "train_error",
        "validation_error",
        "test_error",
        "gradient_norm",
        "batch_loss",
        "position",
    ]
    assert MINIMA.names == [
        "trial",
        "replicate",
        "which",
        "update",
        "parameters",
        "dtype",
        "layout",
        "data_fingerprint",
        "preprocessing",
    ]
    assert CURVATURE.names == [
        "trial",
        "replicate",
        "measure",
        "value",
        "error",
        "settings",
        "which",
        "message",
        "update",
        "rows",
        "rescaling",
        "seconds",
        "grid",
        "density",
        "rows_error",
        "training_rows",
        "starts",
    ]


def test_no_column_is_null_typed():
    assert not [field for schema in SCHEMAS.values() for field in schema if str(field.type) == "null"]


def test_footer_names_versions_and_the_sweep():
    found = footer("a = 1\n")
    assert found["sweepgd.schema_version"] == "3"
    assert found["numpy.version"] == np.__version__
    assert re.fullmatch(r"[0-9a-f]{64}", found["sweepgd.sweep_sha256"])
    assert found["sweepgd.sweep_sha256"] != footer("a = 2\n")["sweepgd.sweep_sha256"]
    assert set(found) >= {"sweepgd.version", "numba.version"}


def test_plain_converts_numpy_scalars_and_drops_nan():
    row = {
        "trial": np.int64(3),
        "replicate": 0,
        "train_loss": np.float32(0.5),
        "test_loss": float("nan"),
        "last_finite_loss": float("inf"),
        "objectives": [np.float64(0.5), np.nan, None],
        "hyperparameters": {"beta": np.float64(0.25), "warm": 2},
        "message": None,
        "started_at": STARTED,
    }
    assert plain(row, "trials") == {
        "trial": 3,
        "replicate": 0,
        "train_loss": 0.5,
        "test_loss": None,
        "last_finite_loss": float("inf"),
        "objectives": [0.5, None, None],
        "hyperparameters": {"beta": 0.25, "warm": 2.0},
        "message": None,
        "started_at": STARTED,
    }


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("learnig_rate", 0.1, "did you mean 'learning_rate'"),
        ("seed", 2**63, "does not fit in 64 bits"),
        ("seed", 1.5, "column 'seed'"),
        ("status", 3, "3 is not a string"),
        ("train_loss", [1.0], "column 'train_loss'"),
        ("started_at", datetime(2024, 1, 1), "time zone"),
        ("hyperparameters", {"variant": "new"}, "column 'hyperparameters'"),
        ("trial", None, "needs a trial"),
    ],
)
def test_plain_refuses_values_that_do_not_fit(column, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plain({"trial": 0, "replicate": 0, column: value}, "trials")
