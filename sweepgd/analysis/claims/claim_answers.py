"""Answers to claims, with estimates and intervals. P-values are adjusted for the number of claims."""

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import has_status
from sweepgd.analysis.claims.claim_columns import DIVERGED, Columns
from sweepgd.analysis.claims.claim_decisions import INCONCLUSIVE, answer, interval
from sweepgd.analysis.claims.claim_estimates import estimates
from sweepgd.analysis.claims.claim_runs import NotRun, Undecided, chosen, filtered
from sweepgd.analysis.claims.claim_statistics import Runs
from sweepgd.analysis.claims.claim_texts import expectation, in_words
from sweepgd.analysis.claims.law_estimates import law_estimate
from sweepgd.analysis.repeats import once
from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.sweep.claim_spec import LAWS, ClaimSpec

SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("claim", "statistic", "expected", "answer")),
        *(pa.field(name, pa.float64()) for name in ("estimate", "low", "high", "p", "p_adjusted", "confidence")),
        *(pa.field(name, pa.int64()) for name in ("runs", "configurations", "replicates", "diverged", "left_out")),
        pa.field("message", pa.string()),
        pa.field("not_run", pa.bool_()),
    ]
)


def claims(results: Results, specs: Sequence[ClaimSpec]) -> pa.Table:
    """Return one row for each claim, with columns as in SCHEMA. A repeated configuration counts once.

    The answer is "held" if the interval of the statistic lies inside the region that the claim states, and "not held" if the
    interval lies outside. Otherwise the answer is "inconclusive". If there is no interval, `message` has the reason. `not_run`
    is true if the study lacks runs which the claim is about. `low` and `high` are the interval at the claim's `confidence`.

    The answer depends on `p_adjusted`, which is `p` adjusted for the number of claims (Holm 1979). If the adjustment alone
    makes an answer inconclusive, `message` says so. A run that diverged, or did not reach the goal, counts with the worst value
    of all runs. `diverged` is the number of these runs. An answer that would change without these runs is "inconclusive".

    Raises SweepgdError for a column that the results do not have.
    """
    columns = Columns(results, once(results.trials))
    rows = []
    for number, claim in enumerate(specs):
        try:
            rows.append(_row(columns, claim, results.curves))
        except SweepgdError as error:
            raise SweepgdError(f"claims[{number}] ({claim.says!r}): {error}") from error
    adjusted = holm([row["p"] for row in rows])
    for row, p in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = p
        if p > 1 - row["confidence"] or np.isnan(p):
            if row["p"] <= 1 - row["confidence"]:
                row["message"] = f"{row['answer']} if it were the only claim, but not after the adjustment (p {p:.2g})"
            row["answer"] = INCONCLUSIVE
    return pa.Table.from_pylist([{key: _null(value) for key, value in row.items()} for row in rows], schema=SCHEMA)


def holm(p: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the p-values adjusted for their number (Holm 1979, section 2).

    With adjusted p-values, the chance of any wrong answer among several claims is at most the chance for a single claim. NaN
    marks a claim without an answer. A claim without an answer does not count towards the number of claims.
    """
    values = np.array(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted = values.copy()
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted


def _row(columns: Columns, claim: ClaimSpec, curves: pa.Table) -> dict[str, Any]:
    row: dict[str, Any] = {
        "claim": claim.says,
        "statistic": in_words(claim),
        "expected": expectation(claim),
        "confidence": claim.confidence,
        "p": nan,
        "answer": INCONCLUSIVE,
        "not_run": False,
    }
    try:
        if claim.statistic in LAWS:
            return row | _of_law(columns, claim, curves)
        found = chosen(columns, claim)
        row |= {"diverged": int(found.worst.sum()), "left_out": found.left_out} | _counts(found.runs)
        estimated = estimates(claim, found.runs)
        row |= interval(claim, estimated)
        row["answer"], row["p"] = answer(claim, estimated)
        if found.worst.any():
            without = answer(claim, estimates(claim, found.runs.where(~found.worst)))
            if without[0] != row["answer"]:
                missed = " or did not reach the goal" if claim.of == "steps_to_goal" else ""
                raise Undecided(f"the answer depends on the runs that diverged{missed}")
            row["p"] = max(row["p"], without[1])
    except Undecided as why:
        return row | {"answer": INCONCLUSIVE, "p": nan, "message": str(why), "not_run": isinstance(why, NotRun)}
    return row


def _of_law(columns: Columns, claim: ClaimSpec, curves: pa.Table) -> dict[str, Any]:
    """Return the answer columns of a claim about a law, such as the critical batch size. `diverged` is 0, because the fit of
    the law takes account of divergence.
    """
    trials = columns.trials.filter(pa.array(filtered(columns, claim)))
    estimated = [law_estimate(claim, trials, curves)]
    row: dict[str, Any] = {"runs": trials.num_rows, "left_out": 0}
    row["diverged"] = int(has_status(trials, DIVERGED).sum())
    row["configurations"], row["replicates"] = (len(pc.unique(trials[name])) for name in ("trial", "replicate"))
    row["answer"], row["p"] = answer(claim, estimated)
    return row | interval(claim, estimated)


def _counts(runs: Runs) -> dict[str, int]:
    names = ("configurations", "replicates")
    return {"runs": len(runs.values)} | {name: len(np.unique(getattr(runs, name))) for name in names}


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
