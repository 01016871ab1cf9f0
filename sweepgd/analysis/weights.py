"""What small models learned: their parameters, over replicates."""

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.best import best
from sweepgd.analysis.columns import floats, nullable
from sweepgd.analysis.evaluations import evaluated_at
from sweepgd.layout import BIAS, KIND, POSITION, SCALE, SIZE, WEIGHT, Layout

# Up to here each parameter can be read as a number of its own, and fits a table.
MOST = 8
LETTERS = {WEIGHT: "w", BIAS: "b", SCALE: "s", POSITION: "x"}
DESCRIPTION = ("trial", "optimizer", "schedule", "batch_size", "learning_rate")


def has_few_parameters(trials: pa.Table) -> bool:
    """Whether the model of `trials` has at most MOST parameters."""
    largest = pc.max(trials["parameters"]).as_py()
    return largest is not None and largest <= MOST


def learned_weights(trials: pa.Table, minima: pa.Table, n: int = 10) -> pa.Table:
    """The parameters of the `n` best configurations, best first; empty for a model of more than MOST parameters.

    They are the final ones, or the best ones where the losses in `trials` are of those.

    Columns: `trial`, `optimizer`, `schedule`, `batch_size`, `learning_rate`, and for each parameter its mean over the
    completed replicates and, in `<name>_sd`, its standard deviation (n - 1; null for one replicate). Parameters are
    named by their kind, w a weight, b a bias, s a scale, x a coordinate, and numbered where there are several: w1, w2, b.
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
        vectors = np.array(learned[trial], dtype=np.float64)
        if len(vectors) > 0:
            means[index] = vectors.mean(axis=0)
        if len(vectors) > 1:
            deviations[index] = vectors.std(axis=0, ddof=1)
    table = configurations
    for name, mean, deviation in zip(names, means.T, deviations.T, strict=True):
        table = table.append_column(name, nullable(mean)).append_column(f"{name}_sd", nullable(deviation))
    return table


def parameter_names(layout: Layout) -> list[str]:
    """A short name for each entry of the flat parameter vector: the letter of its kind, numbered from 1 if several."""
    letters = [letter for row in layout for letter in LETTERS[int(row[KIND])] * int(row[SIZE])]
    total, seen = Counter(letters), Counter[str]()
    names = []
    for letter in letters:
        seen[letter] += 1
        names.append(f"{letter}{seen[letter]}" if total[letter] > 1 else letter)
    return names
