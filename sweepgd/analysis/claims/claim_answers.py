"""Answer claims: estimate, interval, and whether the value lies where the claim says, adjusted for several claims."""

from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.claims import claim_statistics as statistics
from sweepgd.analysis.claims.claim_columns import Columns
from sweepgd.analysis.claims.claim_runs import Chosen, Undecided, chosen
from sweepgd.analysis.claims.claim_statistics import Runs
from sweepgd.analysis.claims.two_way_jackknife import Mask, standard_error
from sweepgd.analysis.repeats import once
from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.sweep.claim_spec import ClaimSpec

HELD, NOT_HELD, INCONCLUSIVE = "held", "not held", "inconclusive"

SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("claim", "statistic", "expected", "answer")),
        *(pa.field(name, pa.float64()) for name in ("estimate", "low", "high", "p", "p_adjusted", "confidence")),
        *(pa.field(name, pa.int64()) for name in ("runs", "configurations", "replicates", "diverged", "left_out")),
        pa.field("message", pa.string()),
    ]
)


class Estimate(NamedTuple):
    """An estimate on the scale of its t distribution: the log for a ratio."""

    value: float
    standard_error: float
    freedom: float


def claims(results: Results, specs: Sequence[ClaimSpec]) -> pa.Table:
    """Return one row for each claim, with columns as in SCHEMA; repeats of a configuration count once.

    An answer is "held" if the interval of the statistic lies where the claim says, "not held" if it lies elsewhere, else
    "inconclusive", with the reason in `message` if there is no interval. `low` and `high` are the interval at the claim's
    `confidence`; the answer is by `p_adjusted`, which is `p` adjusted for the number of claims (Holm 1979). Raises
    SweepgdError for a column that the results do not have.
    """
    columns = Columns(results, once(results.trials))
    rows = []
    for number, claim in enumerate(specs):
        try:
            rows.append(_row(columns, claim))
        except SweepgdError as error:
            raise SweepgdError(f"claims[{number}] ({claim.says!r}): {error}") from error
    adjusted = holm([row["p"] for row in rows])
    for row, p in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = p
        if p > 1 - row["confidence"] or np.isnan(p):
            row["answer"] = INCONCLUSIVE
    return pa.Table.from_pylist([{key: _null(value) for key, value in row.items()} for row in rows], schema=SCHEMA)


def holm(p: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return p-values adjusted so that the chance of any wrong answer is at most that of one (Holm 1979, section 2).

    NaN marks a claim without an answer, which does not count.
    """
    values = np.array(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted = values.copy()
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted


def _row(columns: Columns, claim: ClaimSpec) -> dict[str, Any]:
    row: dict[str, Any] = {
        "claim": claim.says,
        "statistic": in_words(claim),
        "expected": expectation(claim),
        "confidence": claim.confidence,
        "p": nan,
        "answer": INCONCLUSIVE,
    }
    try:
        found = chosen(columns, claim)
        row |= {"diverged": found.diverged, "left_out": found.left_out} | _counts(found.runs)
        estimates = _estimates(claim, found)
    except Undecided as why:
        return row | {"message": str(why)}
    row |= _interval(claim, estimates)
    row["answer"], row["p"] = _answer(claim, estimates)
    return row


def _counts(runs: Runs) -> dict[str, int]:
    names = ("configurations", "replicates")
    return {"runs": len(runs.values)} | {name: len(np.unique(getattr(runs, name))) for name in names}


def _estimates(claim: ClaimSpec, found: Chosen) -> list[Estimate]:
    """Return the estimate of the statistic; for an ordering, those of the differences between neighbouring groups."""
    runs = found.runs
    if claim.statistic in ("ratio", "slope"):
        runs = runs._replace(values=_logs(runs.values, claim.of))
    if claim.statistic == "slope":
        runs = runs._replace(levels=_logs(runs.levels, str(claim.by)))
    if claim.statistic == "mean":
        return [_estimate(statistics.mean(runs), runs, matches=False)]
    if claim.statistic in ("slope", "rank_correlation"):
        within = _within_matches(runs)
        if len(np.unique(within.levels)) < 2:
            raise Undecided(f"all runs have the same {claim.by}")
        make: Callable[[Runs], Callable[[Mask], float]] = getattr(statistics, claim.statistic)
        return [_estimate(make(within), within, matches=len(np.unique(within.matches)) > 1)]
    pairs = [(number, number + 1) for number in range(len(claim.groups) - 1)]
    return [_difference(runs.where(np.isin(runs.levels, pair)), *pair, claim) for pair in pairs]


def _difference(runs: Runs, first: int, second: int, claim: ClaimSpec) -> Estimate:
    within = _within_matches(runs)
    matches = len(np.unique(within.matches)) > 1
    fewest = min(len(np.unique(within.configurations[within.levels == level])) for level in (first, second))
    if not matches and fewest == 1 and len(np.unique(within.configurations)) > 2:
        raise Undecided(f"a group has a single configuration: its difference from others may be chance ({claim.by})")
    return _estimate(statistics.difference(within, first, second), within, matches, fewest)


def _within_matches(runs: Runs) -> Runs:
    """Return the runs that have a match at another level, or if there are none all runs, as one match."""
    found = statistics.matched(runs)
    return found if len(found.values) else runs._replace(matches=np.zeros_like(runs.matches))


def _estimate(statistic: Callable[[Mask], float], runs: Runs, matches: bool, fewest: int | None = None) -> Estimate:
    """Return the estimate of a statistic, with units that are matches or configurations."""
    value = statistic(np.ones(len(runs.values), dtype=bool))
    units = runs.matches if matches else runs.configurations
    count = len(np.unique(units)) if matches or fewest is None else fewest
    error = standard_error(statistic, units, runs.replicates, count)
    if np.isnan(error.standard_error):
        replicates = len(np.unique(runs.replicates))
        raise Undecided(
            "there is one replicate: an interval needs two or more" if replicates == 1 else "too few runs to compare"
        )
    return Estimate(value, *error)


def _logs(values: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    if (values <= 0).any():
        raise Undecided(f"{name} is 0 or negative in some runs: a ratio or slope needs values above 0")
    return np.log(values)


def _interval(claim: ClaimSpec, estimates: Sequence[Estimate]) -> dict[str, float]:
    """Return the columns of the estimate and its interval; of an ordering, those of the smallest difference."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    least = min(estimates, key=lambda estimate: estimate.value)
    half = stdtrit(least.freedom, (1 + claim.confidence) / 2) * least.standard_error
    numbers = np.array([least.value, least.value - half, least.value + half])
    if claim.statistic == "ratio":
        numbers = np.exp(numbers)
    return dict(zip(("estimate", "low", "high"), map(float, numbers), strict=True))


def _answer(claim: ClaimSpec, estimates: Sequence[Estimate]) -> tuple[str, float]:
    """Return the answer if it is certain enough, and its p-value: the chance of such an estimate at the nearest boundary.

    It is two-sided, so that a claim is held at 95 % if its 95 % interval lies where the claim says.
    """
    if claim.statistic == "ordering":
        if all(estimate.value > 0 for estimate in estimates):
            return HELD, max(_tail(estimate, estimate.value) for estimate in estimates)
        wrong = [_tail(estimate, estimate.value) for estimate in estimates if estimate.value <= 0]
        return NOT_HELD, min(1.0, len(estimates) * min(wrong))
    (estimate,) = estimates
    low, high = _region(claim)
    inside = low < estimate.value < high
    return (HELD if inside else NOT_HELD), _tail(estimate, min(abs(estimate.value - low), abs(estimate.value - high)))


def _region(claim: ClaimSpec) -> tuple[float, float]:
    """Return where the claim says that the statistic lies, on the scale of the estimate."""
    value, spread = claim.threshold, claim.tolerance or 0.0
    bounds = {">": (value, inf), "<": (-inf, value), "=": (value - spread, value + spread)}[claim.relation]
    if claim.statistic != "ratio":
        return bounds
    return float(np.log(bounds[0])) if bounds[0] > 0 else -inf, float(np.log(bounds[1])) if bounds[1] < inf else inf


def _tail(estimate: Estimate, distance: float) -> float:
    from scipy.special import stdtr

    if estimate.standard_error == 0:
        return 0.0 if distance else 1.0
    return float(2 * stdtr(estimate.freedom, -abs(distance) / estimate.standard_error))


def in_words(claim: ClaimSpec) -> str:
    """Return the statistic of a claim as text, such as "test_error, batch_size 400 − 16"."""
    groups = [str(group) for group in claim.groups]
    best = ", each at its best configuration" * claim.best
    match claim.statistic:
        case "mean":
            return f"mean of {claim.of}"
        case "difference":
            return f"{claim.of}, {claim.by} {groups[1]} − {groups[0]}{best}"
        case "ratio":
            return f"{claim.of}, {claim.by} {groups[1]} / {groups[0]}{best}"
        case "ordering":
            return f"{claim.of}, increase over {claim.by} {', '.join(groups)}{best}"
        case "slope":
            return f"exponent of {claim.of} in {claim.by}"
    return f"τ of {claim.of} and {claim.by}"


def expectation(claim: ClaimSpec) -> str:
    """Return where the statistic is expected, such as "> 0" or "1 ± 0.1"."""
    if claim.relation == "=":
        return f"{claim.threshold:g} ± {claim.tolerance:g}"
    return f"{claim.relation} {claim.threshold:g}"


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
