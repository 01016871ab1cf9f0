"""The meaning of every recorded column, and the page about columns that `python -m sweepgd.record.column_meanings` prints."""

from sweepgd.record.schema import SCHEMAS

_KEY = {"trial": "number of the trial, from 0", "replicate": "number of the replicate, from 0"}
_PARTS = {"train": "training rows", "validation": "validation rows", "test": "test rows"}
_LOSSES = {f"{part}_loss": f"mean loss of the {rows}" for part, rows in _PARTS.items()}
_ERRORS = {f"{part}_error": f"share of the {rows} that is classified wrongly" for part, rows in _PARTS.items()}
_OF_PARTS = {
    "balanced_error": "mean of the error rates of the classes, at the end of the run",
    "macro_f1": "mean over classes of the F1 score, at the end of the run",
    "confusion": "counts by true class (rows) and predicted class (columns), at the end of the run",
}

MEANINGS: dict[str, dict[str, str]] = {
    "trials": {
        **_KEY,
        "config_id": "hash of the configuration; equal configurations have the same hash",
        "status": "`completed`, `diverged`, `pruned`, `failed` or `timed_out`",
        "message": "why the run ended",
        "data": "data set, or path of the data file",
        "model": "name of the model",
        "optimizer": "name of the optimizer",
        "schedule": "name of the schedule of the learning rate",
        "batch_schedule": "name of the schedule of the batch size",
        "batch_size": "rows of a mini-batch, before its schedule",
        "learning_rate": "base rate, before its schedule",
        "hyperparameters": "numbers by name: settings of the optimizer, warm-up, weight decay, and settings of schedules,"
        " model and data, whose names have a prefix",
        "settings": "the trial's resolved sweep and configuration, as JSON",
        "seed": "seed of weights and batches",
        "epochs": "passes over the training rows that were made",
        "updates": "updates that were made",
        "samples": "training rows that were used; a row counts each time that it is used",
        "dtype": "`float32` or `float64`",
        "attempt": "number of the attempt, from 1; each loss of a worker that ran the trial adds an attempt",
        "objectives": "the objectives in the order of the sweep",
        **_LOSSES,
        **_ERRORS,
        "generalization_gap": "test loss minus train loss; without test rows, validation loss minus train loss",
        "steps_to_goal": "updates until the goal was reached; null if the goal was not reached",
        "diverged_at_update": "update at which the run diverged",
        "last_finite_loss": "last finite loss of a run that diverged",
        "train_seconds": "seconds of training, without evaluations",
        "seconds_per_update": "`train_seconds` divided by `updates`",
        "seconds_per_epoch": "`train_seconds` divided by `epochs`",
        "started_at": "time in UTC at which the trial began",
        "finished_at": "time in UTC at which the trial ended",
        "worker": "host and process that ran the trial",
        "data_seed": "seed of split, label noise and drawn data",
        "parameters": "number of parameters of the model",
        "search_state": "what an adaptive sampler needs to continue, as JSON",
        "processor": "type of the processor",
        "vector_bits": "width of the processor's vectors for which kernels were compiled",
        "evaluated_at_update": "update of the evaluation that gave losses, errors and gap",
        **{f"{part}_{name}": meaning for name, meaning in _OF_PARTS.items() for part in ("validation", "test")},
        "model_settings": "the table `[model]` of the trial, as JSON",
        "data_settings": "the table `[data]` of the trial, as JSON",
    },
    "curves": {
        **_KEY,
        "update": "updates before this evaluation",
        "epoch": "passes over the training rows before this evaluation",
        "samples": "training rows used before this evaluation",
        "seconds": "seconds of training before this evaluation",
        "learning_rate": "rate of the last update, after schedule and warm-up",
        "batch_size": "rows of the last mini-batch",
        **_LOSSES,
        **_ERRORS,
        "gradient_norm": "Euclidean norm of the gradient of the mean loss of all training rows; null with"
        " `record.gradient_norm = false`",
        "batch_loss": "mean loss of the last mini-batch",
        "position": "parameters, for surfaces of two dimensions",
    },
    "minima": {
        **_KEY,
        "which": "`final` or `best` (by validation loss)",
        "update": "updates after which the run had these weights",
        "parameters": "all weights as one vector, followed by running statistics if the model has any",
        "dtype": "type of the weights in training",
        "layout": "one row per tensor: offset, size, kind, fan-in, fan-out, number of axes, their lengths",
        "data_fingerprint": "hash of the prepared data",
        "preprocessing": "names of inputs and classes, encoding and scaling, as JSON",
    },
    "curvature": {
        **_KEY,
        "measure": "name of the measure, see `sweepgd list measures`",
        "value": "value of the measure; null if there is no value",
        "error": "numerical or sampling error of the value",
        "settings": "settings of the measure, as JSON",
        "which": "`final`, `best`, or `path` for weights along the run",
        "message": "why there is no value",
        "update": "updates after which the run had these weights",
        "rows": "training rows that were measured",
        "rescaling": "factor by which layers were rescaled before the measure; 1 for the recorded weights",
        "seconds": "duration of the measure",
        "grid": "eigenvalues at which a spectral density is given",
        "density": "spectral density at `grid`",
        "rows_error": "sampling error if only `rows` of `training_rows` rows were measured",
        "training_rows": "number of training rows",
        "starts": "increase of the loss from each start of a maximization",
    },
}


def page() -> str:
    """Return Markdown with a section for each table. Each column has a row with its type and meaning."""
    parts = [
        "# Columns\n",
        "Generated from the schema of the record, by `python -m sweepgd.record.column_meanings`. [Results](RESULTS.md) says how"
        " to read the tables, and [definitions](README.md#definitions) which evaluation the losses come from.\n",
    ]
    for table, schema in SCHEMAS.items():
        rows = [f"| `{field.name}` | `{field.type}` | {MEANINGS[table][field.name]} |" for field in schema]
        parts.append("\n".join([f"## `{table}`\n", "| column | type | meaning |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
