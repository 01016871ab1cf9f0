"""Tables of `measured` built from plain columns, so that a test shows its measures and gaps."""

import pyarrow as pa
from study_tables import curvature, run, trials, value

from sweepgd.analysis.runs_with_measures import measured


def runs(measures: dict[str, list], gaps: list, **columns: list) -> pa.Table:
    """Return one run per gap, each its own trial unless `trial` and `replicate` are given; other columns go to `trials`."""
    count = len(gaps)
    numbers, replicates = columns.pop("trial", range(count)), columns.pop("replicate", [0] * count)
    rows = [
        run(trial, 1.0, replicate, generalization_gap=gap, train_loss=0.1)
        | {name: values[index] for name, values in columns.items()}
        for index, (trial, replicate, gap) in enumerate(zip(numbers, replicates, gaps, strict=True))
    ]
    recorded = [
        value(trial, number, name, replicate)
        for name, values in measures.items()
        for trial, replicate, number in zip(numbers, replicates, values, strict=True)
    ]
    return measured(trials(*rows), curvature(*recorded))
