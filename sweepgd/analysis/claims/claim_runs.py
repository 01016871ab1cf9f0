"""The runs that a claim is about: filtered, grouped, and with values for runs that diverged."""

from typing import Any, NamedTuple

import numpy as np

from sweepgd.analysis.arrow_columns import Floats, floats, has_status, objective
from sweepgd.analysis.claims.claim_columns import DIVERGED, Columns
from sweepgd.analysis.claims.claim_statistics import Runs
from sweepgd.analysis.claims.two_way_jackknife import Mask, Numbers
from sweepgd.analysis.selection import FEWEST_REPLICATES
from sweepgd.core.errors import suggestion
from sweepgd.core.outcome import COMPLETED
from sweepgd.sweep.claim_spec import GROUPS, ClaimSpec, Interval

# In these columns, a diverged run counts with the worst value of all runs, and a run without `steps_to_goal` with the largest
# number of updates. Without such runs, settings that often diverge would look too good.
HIGH_IS_BAD = (
    "train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error", "generalization_gap",
    "validation_balanced_error", "test_balanced_error", "steps_to_goal",
)  # fmt: skip
LOW_IS_BAD = ("validation_macro_f1", "test_macro_f1")


class Undecided(Exception):
    """The reason why the runs cannot decide a claim."""


class NotRun(Undecided):
    """The reason that the study has no run which the claim is about."""


class Chosen(NamedTuple):
    """The runs of a claim. `worst`, (runs,), is a mask of the runs whose value was replaced by the worst value, for example
    because they diverged. `left_out` is the number of runs without a value.
    """

    runs: Runs
    worst: Mask
    left_out: int


def chosen(columns: Columns, claim: ClaimSpec) -> Chosen:
    """Return the runs of a claim. Raises SweepgdError for a missing column, Undecided if there are no runs to compare."""
    mask = filtered(columns, claim)
    values, missing, worst = _values(columns, str(claim.of))
    levels = _levels(columns, claim)
    mask &= ~np.isnan(levels)
    known = mask & ~missing
    matches = np.zeros(len(values), dtype=np.int64) if claim.by is None else columns.matches(claim.by)
    configurations = np.unique(columns.trials["trial"].to_numpy(), return_inverse=True)[1]
    runs = Runs(values, levels, configurations, matches, columns.trials["replicate"].to_numpy())
    for number, group in enumerate(claim.groups):
        if not (known & (levels == number)).any():
            if not (mask & (levels == number)).any():
                raise NotRun(f"no run has {claim.by} = {_in_words(group)}{_hint(columns, str(claim.by), group)}")
            raise Undecided(f"no run with {claim.by} = {_in_words(group)} has a value of {claim.of}")
    if not known.any():
        raise Undecided(f"no run has a value of {claim.of}")
    left_out = int((mask & missing).sum())
    if claim.best:
        rows = _best(columns, claim, runs, mask, known)
        best = runs.where(rows)
        best = best._replace(configurations=best.levels.astype(np.int64), matches=np.zeros(len(rows), dtype=np.int64))
        return Chosen(best, worst[rows], left_out)
    return Chosen(runs.where(known), worst[known], left_out)


def filtered(columns: Columns, claim: ClaimSpec) -> Mask:
    """Return a mask of the runs that `where` selects, (runs,). Raises NotRun if no run is selected."""
    mask = np.ones(columns.trials.num_rows, dtype=bool)
    for name, wanted in claim.where.items():
        mask &= np.array([_fits(value, wanted) for value in columns.of(name)], dtype=bool)
        if not mask.any():
            raise NotRun(f"no run has {name} = {_in_words(wanted)}, as `where` asks for{_hint(columns, name, wanted)}")
    return mask


def _levels(columns: Columns, claim: ClaimSpec) -> Floats:
    """Return the level of each run, (runs,): the index of the run's group or, for a statistic without groups, the run's value
    in the column `by`. A run that is not compared has NaN.
    """
    if claim.by is None:
        return np.zeros(columns.trials.num_rows)
    if claim.statistic not in GROUPS:
        return columns.numbers(claim.by)
    levels = np.full(columns.trials.num_rows, np.nan)
    for row, value in enumerate(columns.of(claim.by)):
        for number, group in enumerate(claim.groups):
            if _fits(value, group):
                levels[row] = number
    return levels


def _values(columns: Columns, name: str) -> tuple[Floats, Mask, Mask]:
    """Return the values of a column, a mask of runs without a value, and a mask of runs that count with the worst value."""
    values = columns.numbers(name)
    completed, diverged = has_status(columns.trials, COMPLETED), has_status(columns.trials, DIVERGED)
    if name == DIVERGED:
        return values, ~(completed | diverged), np.zeros(len(values), dtype=bool)
    if name not in (*HIGH_IS_BAD, *LOW_IS_BAD):
        return values, ~completed | np.isnan(values), np.zeros(len(values), dtype=bool)
    worst = diverged | (completed & np.isnan(values)) if name == "steps_to_goal" else diverged
    known = values[completed & ~np.isnan(values)]
    if name == "steps_to_goal":
        known = np.append(known, floats(columns.trials, "updates")[completed])
    if len(known):
        values = np.where(worst, known.min() if name in LOW_IS_BAD else known.max(), values)
    return values, ~(completed | worst) | np.isnan(values), worst


def _best(columns: Columns, claim: ClaimSpec, runs: Runs, mask: Mask, known: Mask) -> Numbers:
    """Return the index of one run for each group and replicate. The run is of the configuration that is best on all other
    replicates.
    """
    replicates = np.unique(runs.replicates[mask])
    if len(replicates) < FEWEST_REPLICATES:
        raise Undecided(f"`best` needs {FEWEST_REPLICATES} replicates, but there are {len(replicates)}")
    objectives = objective(columns.trials)
    objectives[has_status(columns.trials, DIVERGED)] = np.inf
    rows: list[int] = []
    for number, group in enumerate(claim.groups):
        own = np.flatnonzero(mask & (runs.levels == number))
        names, index = np.unique(runs.configurations[own], return_inverse=True)
        table = np.full((len(names), len(replicates)), -1)
        table[index, np.searchsorted(replicates, runs.replicates[own])] = own
        table = table[(table >= 0).all(axis=1)]
        table = table[~np.isnan(objectives[table]).any(axis=1) & known[table].all(axis=1)]
        if not len(table):
            raise Undecided(f"no configuration with {claim.by} = {_in_words(group)} has all replicates")
        winners = []
        for column in range(len(replicates)):
            others = np.delete(objectives[table], column, axis=1).mean(axis=1)
            winners.append(int(np.argmin(others)))
            rows.append(int(table[winners[-1], column]))
        for winner in sorted(set(winners)):
            _check_range(columns, own, int(table[winner, 0]), f"{claim.by} = {_in_words(group)}")
    return np.array(rows)


def _check_range(columns: Columns, own: Numbers, winner: int, where: str) -> None:
    """Raise Undecided if the best configuration of a group has the lowest or the highest of the learning rates that its
    optimizer had in this group. A single rate is not a range.
    """
    rates, rules = floats(columns.trials, "learning_rate"), np.array(columns.trials["optimizer"].to_pylist())
    tried = rates[own][rules[own] == rules[winner]]
    tried = np.unique(tried[~np.isnan(tried)])
    if len(tried) > 1 and rates[winner] in (tried[0], tried[-1]):
        raise Undecided(
            f"the best learning rate of {where} is {rates[winner]:g}, the lowest or highest tried: a better rate may lie beyond"
        )


def _fits(value: Any, wanted: Any) -> bool:
    """Return True if a value equals `wanted`, or fits the list or the interval `wanted`."""
    if isinstance(wanted, Interval):
        low, high = (-np.inf if wanted.min is None else wanted.min), (np.inf if wanted.max is None else wanted.max)
        return isinstance(value, (int, float)) and low <= value <= high
    if isinstance(wanted, list):
        return any(_fits(value, one) for one in wanted)
    if isinstance(wanted, (int, float)) and isinstance(value, (int, float)):
        return bool(np.isclose(value, wanted, rtol=1e-9, atol=0.0))
    return bool(value == wanted)


def _hint(columns: Columns, name: str, wanted: Any) -> str:
    """Return a question that suggests the value in a column that is closest to `wanted`, or "" if `wanted` is one of the values
    or none is close.
    """
    there = {value for value in columns.of(name) if isinstance(value, str)}
    close = suggestion(wanted, there).rstrip() if isinstance(wanted, str) and wanted not in there else ""
    return f": {close}" if close else ""


def _in_words(wanted: Any) -> str:
    return f"{wanted.min} to {wanted.max}" if isinstance(wanted, Interval) else str(wanted)
