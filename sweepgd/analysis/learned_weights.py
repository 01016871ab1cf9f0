"""Learned parameters of small models, as means over replicates."""

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats, nullable
from sweepgd.analysis.best import best
from sweepgd.analysis.evaluations import evaluated_at
from sweepgd.core.layout import BIAS, KIND, POSITION, SCALE, SIZE, WEIGHT, Layout

# A table with more columns would not fit on a terminal.
MOST_PARAMETERS = 8
LETTERS = {WEIGHT: "w", BIAS: "b", SCALE: "s", POSITION: "x"}
DESCRIPTION = ("trial", "optimizer", "schedule", "batch_size", "learning_rate")


def has_few_parameters(trials: pa.Table) -> bool:
    """Return True if the model of `trials` has at most MOST_PARAMETERS parameters."""
    largest = pc.max(trials["parameters"]).as_py()
    return largest is not None and largest <= MOST_PARAMETERS


def learned_weights(trials: pa.Table, minima: pa.Table, n: int = 10) -> pa.Table:
    """Return the parameters of the `n` best configurations, best first. The table is empty if the model has more than
    MOST_PARAMETERS. The best parameters are used if the losses in `trials` belong to the best parameters. Otherwise the final
    parameters are used.

    Columns: `trial`, `optimizer`, `schedule`, `batch_size`, `learning_rate`, and for each parameter its mean over the
    completed replicates and, in `<name>_sd`, its standard deviation (n - 1; null for one replicate). Names are those of
    `parameter_names`.
    """
    rows = best(trials, n)
    configurations = rows.filter(pc.is_valid(rows["objective"])).select(DESCRIPTION)
    if not has_few_parameters(trials):
        return configurations.slice(0, 0)
    chosen = pc.is_in(trials["trial"], value_set=configurations["trial"])
    runs = trials.filter(pc.and_(chosen, pc.equal(trials["status"], "completed")))
    which = np.where(evaluated_at(runs) == floats(runs, "updates"), "final", "best").tolist()
    wanted = set(zip(runs["trial"].to_pylist(), runs["replicate"].to_pylist(), which, strict=True))
    rows = minima.filter(pc.is_in(minima["trial"], value_set=configurations["trial"])).to_pylist()
    rows = [row for row in rows if (row["trial"], row["replicate"], row["which"]) in wanted]
    learned: defaultdict[int, list[list[float]]] = defaultdict(list)
    for row in rows:
        learned[row["trial"]].append(row["parameters"])
    if not learned:
        return configurations.slice(0, 0)

    names = parameter_names(np.array(rows[0]["layout"], dtype=np.int64))
    means = np.full((configurations.num_rows, len(names)), np.nan)
    deviations = means.copy()
    for index, trial in enumerate(configurations["trial"].to_pylist()):
        vectors = np.array([vector[: len(names)] for vector in learned[trial]], dtype=np.float64)  # without buffers
        if len(vectors) > 0:
            means[index] = vectors.mean(axis=0)
        if len(vectors) > 1:
            deviations[index] = vectors.std(axis=0, ddof=1)
    table = configurations
    for name, mean, deviation in zip(names, means.T, deviations.T, strict=True):
        table = table.append_column(name, nullable(mean)).append_column(f"{name}_sd", nullable(deviation))
    return table


def parameter_names(layout: Layout) -> list[str]:
    """Return a name for each entry of the flat parameter vector, numbered from 1 if there are several of one kind: w1, w2, b.

    The letter is w for a weight, b for a bias, s for a scale, and x for a coordinate.
    """
    letters = [letter for row in layout for letter in LETTERS[int(row[KIND])] * int(row[SIZE])]
    total, seen = Counter(letters), Counter[str]()
    names = []
    for letter in letters:
        seen[letter] += 1
        names.append(f"{letter}{seen[letter]}" if total[letter] > 1 else letter)
    return names
