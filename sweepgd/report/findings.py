"""The findings of a study as sentences: what ran, the best configuration, what may be as good, and what diverged."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats, has_status
from sweepgd.analysis.best import best
from sweepgd.analysis.best_subset import CONFIDENCE, best_subset
from sweepgd.analysis.endings import ENDINGS, endings
from sweepgd.analysis.objective_name import objective_name
from sweepgd.analysis.recorded_settings import differing_settings
from sweepgd.analysis.repeats import once
from sweepgd.core.outcome import DIVERGED
from sweepgd.report.best_value import best_value
from sweepgd.report.number_format import short
from sweepgd.report.study_subject import subject
from sweepgd.sweep import recorded_table

FACTORS = ("optimizer", "schedule", "batch_size", "learning_rate")


def question(sweep_toml: str) -> str:
    """Return the name of a sweep and its description."""
    sweep = recorded_table(sweep_toml)
    return f"{sweep['name']}: {sweep['description']}" if sweep.get("description") else str(sweep["name"])


def findings(trials: pa.Table) -> dict[str, list[str]]:
    """Return all findings: the sentences by label. A label without a sentence is left out."""
    found: dict[str, list[str | None]] = {"Ran": [ran(trials)]}
    if trials.num_rows:
        found |= {"Best": [*best_configuration(trials)], "As good": [as_good(trials)], "Diverged": [diverged(trials)]}
    said = {label: [sentence for sentence in sentences if sentence] for label, sentences in found.items()}
    return {label: sentences for label, sentences in said.items() if sentences}


def ran(trials: pa.Table) -> str:
    """Return the data, the model, and the number of configurations and of runs by status."""
    if not trials.num_rows:
        return "No run is recorded yet."
    (counts,) = endings(trials).to_pylist()
    replicates = pc.max(once(trials)["replicate"]).as_py() + 1
    each = f", {_counted(replicates, 'replicate')} each" if replicates > 1 else ""
    ended = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in ENDINGS if counts[name])
    return f"{subject(trials)}; {_counted(counts['configurations'], 'configuration')}{each}; runs: {ended}."


def best_configuration(trials: pa.Table) -> list[str]:
    """Return two sentences: the configuration with the lowest mean objective, and its objective as in `best_value`."""
    rows = best(trials, 1).to_pylist()
    if not rows or rows[0]["objective"] is None:
        return ["No configuration has completed yet."]
    row = rows[0]
    shown = objective_name(trials)
    value = best_value(row, shown)
    interval = f" ({100 * CONFIDENCE:g} %: {value.interval})" if value.interval else ""
    said = f"Its {shown} is {value.number}{interval}, {value.about}."
    if value.estimate:
        each = f"Its mean {shown} over {_counted(row['completed'], 'replicate')} is {value.number}, but it was chosen for that"
        said = f"{each}; an honest estimate for a configuration chosen this way is {value.estimate}{interval}."
    return [f"Trial {row['trial']}: {_description(trials, row)}.", said]


def as_good(trials: pa.Table) -> str | None:
    """Return a sentence on the configurations that may be the best, or None if these configurations cannot be determined."""
    subset = best_subset(trials)
    if subset is None:
        alone = pc.max(once(trials)["replicate"]).as_py() == 0 and endings(trials)["whole"][0].as_py() > 1
        return "Unknown, because one replicate each gives no interval: set search.replicates." if alone else None
    count, candidates = subset.rows.num_rows, subset.candidates
    if count == 1:
        return f"No other of the {candidates} complete configurations may be the best (at {100 * CONFIDENCE:g} %)."
    ranges = "; ".join(_ranges(subset.rows, trials))
    every = ("Both" if candidates == 2 else f"All {candidates}") if count == candidates else f"{count} of {candidates}"
    return f"{every} complete configurations may be the best (at {100 * CONFIDENCE:g} %){f': {ranges}' if ranges else ''}."


def diverged(trials: pa.Table) -> str | None:
    """Return a sentence on the runs that diverged, with their learning rates and optimizers, or None if no run diverged."""
    runs = once(trials)
    mask = has_status(runs, DIVERGED)
    if not mask.any():
        return None
    rates = floats(runs, "learning_rate")[mask]
    rates = rates[~np.isnan(rates)]
    where = f" at rate{'s' * (len(np.unique(rates)) > 1)} {_span(rates)}" if len(rates) else ""
    by_optimizer = pc.value_counts(runs["optimizer"]).to_pylist()
    shares = []
    if len(by_optimizer) > 1:
        found = {row["values"]: row["counts"] for row in pc.value_counts(runs.filter(pa.array(mask))["optimizer"]).to_pylist()}
        totals = {row["values"]: row["counts"] for row in by_optimizer}
        shares = [f"{name} {number} of {totals[name]}" for name, number in sorted(found.items(), key=lambda item: -item[1])]
    return f"{int(mask.sum())} of {runs.num_rows} runs{where}{': ' if shares else ''}{', '.join(shares)}."


def _description(trials: pa.Table, row: Mapping[str, Any]) -> str:
    """Return the optimizer, batch size, rate and schedule of a configuration, and settings that vary in the study."""
    parts = [row["optimizer"], f"batch size {row['batch_size']}", f"rate {short(row['learning_rate'])}"]
    if pc.count_distinct(trials["schedule"]).as_py() > 1:
        parts.append(f"schedule {row['schedule']}")
    first = pc.index(trials["trial"], row["trial"]).as_py()
    parts += [f"{name} {values[first]}" for name, values in differing_settings(trials).items() if values[first] is not None]
    return ", ".join(parts)


def _ranges(rows: pa.Table, trials: pa.Table) -> Iterable[str]:
    """Yield, for each factor that varies in the study, the values that occur in the rows."""
    for name in FACTORS:
        if pc.count_distinct(trials[name]).as_py() < 2:
            continue
        several = "s" * (pc.count_distinct(rows[name]).as_py() > 1)
        label = {"learning_rate": "rate", "batch_size": "batch size"}.get(name, name) + several
        if name in ("learning_rate", "batch_size"):
            yield f"{label} {_span(floats(rows, name))}"
        else:
            yield f"{label} {', '.join(sorted(pc.unique(rows[name]).to_pylist()))}"


def _span(values: Any) -> str:
    low, high = short(float(np.min(values))), short(float(np.max(values)))
    return low if low == high else f"{low} to {high}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
