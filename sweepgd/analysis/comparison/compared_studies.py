"""The results of several studies, one row each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.best import best
from sweepgd.analysis.best_subset import best_subset
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.endings import ENDINGS, endings
from sweepgd.analysis.expected_best import FEWEST_CONFIGURATIONS, expectation, interval
from sweepgd.analysis.objective_name import objective_name
from sweepgd.analysis.selection import interval_on_others


class Study(NamedTuple):
    """A study: its table of trials, and its name, which differs from the names of the other compared studies."""

    name: str
    trials: pa.Table


BEST = ("trial", "optimizer", "schedule", "batch_size", "learning_rate", "objective", "test_error", "test_loss", "lowest_of")
EXPECTED = ("expected", "expected_low", "expected_high")
SCHEMA = pa.schema(
    [("study", pa.string()), ("configurations", pa.int64())]
    + [(name, pa.int64()) for name in ENDINGS]
    + [("objective_name", pa.string()), ("trial", pa.int64()), ("optimizer", pa.string()), ("schedule", pa.string())]
    + [("batch_size", pa.int64())]
    + [(name, pa.float64()) for name in ("learning_rate", "objective", "test_error", "test_loss")]
    + [("lowest_of", pa.int64())]
    + [(name, pa.float64()) for name in ("objective_on_others", "objective_on_others_low", "objective_on_others_high")]
    + [("may_be_best", pa.int64()), ("draws", pa.int64())]
    + [(name, pa.float64()) for name in EXPECTED]
)


def studies_table(studies: Sequence[Study], comparable: bool) -> pa.Table:
    """Return a row for each study, with columns as in SCHEMA.

    These are: the number of configurations, and of runs by status; the best configuration; its objective on replicates that did
    not select it, with a 95 % interval (`selection.by_rank`); and the number of configurations that may be the best
    (`best_subset`). If all studies minimise the same quantity (`comparable`), there is also the expected lowest objective of
    `draws` configurations, with a 95 % interval (`expected_best`). `draws` is the size of the smallest study, because a study
    with more trials finds a better configuration by chance alone. A configuration without an objective counts with the highest
    objective of all studies.
    """
    rows = [{"study": study.name} | _row(study.trials) for study in studies]
    if comparable:
        for row, expected in zip(rows, _expected([study.trials for study in studies]), strict=True):
            row |= expected
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(trials: pa.Table) -> dict[str, Any]:
    if not trials.num_rows:
        return {"configurations": 0} | dict.fromkeys(ENDINGS, 0)
    (counts,) = endings(trials).select(["configurations", *ENDINGS]).to_pylist()
    row: dict[str, Any] = dict(counts)
    found = best(trials, 1).filter(pc.field("objective").is_valid()).to_pylist()
    if not found:
        return row
    row |= {name: found[0][name] for name in BEST} | {"objective_name": objective_name(trials)}
    if (ends := interval_on_others(found[0])) is not None:
        low, high = ends
        row |= {"objective_on_others": found[0]["objective_on_others"]}
        row |= {"objective_on_others_low": low, "objective_on_others_high": high}
    subset = best_subset(trials)
    return row | ({} if subset is None else {"may_be_best": subset.rows.num_rows})


def _expected(every: Sequence[pa.Table]) -> list[dict[str, Any]]:
    """Return, for each study, the columns on its expected lowest objective, or no columns if any study has too few
    configurations.
    """
    objectives: list[Floats] = [floats(configurations(trials), "objective") for trials in every]
    draws = min(map(len, objectives))
    if draws < FEWEST_CONFIGURATIONS or any(np.isnan(values).all() for values in objectives):
        return [{} for _ in every]
    highest, drawn = max(np.nanmax(values) for values in objectives), np.array([draws])
    rows = []
    for values in objectives:
        descending = np.sort(np.where(np.isnan(values), highest, values))[::-1]
        (expected,) = expectation(descending, np.ones(len(values)), drawn)
        (low,), (high,) = interval(descending, drawn)
        rows.append({"draws": draws} | dict(zip(EXPECTED, (float(expected), low, high), strict=True)))
    return rows
