"""Rates of false and correct verdicts, and coverage of intervals, over simulated studies."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, pi, sin

import numpy as np
import pyarrow as pa
from calibration.studies import MEASURES, Design, tables

from sweepgd.analysis import correlations, granulated, measured, small_large

ALL, CONDITIONED, MATCHED, RHO = "τ all runs", "τ equal rate, batch", "τ equal train loss", "ρ all runs"
ALONG, OVERALL = "τ along an axis", "Ψ"
PAIRS, CONFIGURATIONS, RUNS, OF_TWO = "ratio, pairs", "ratio, configurations", "ratio, runs", "ratio of two"
KINDS = (ALL, RHO, CONDITIONED, MATCHED, ALONG, OVERALL, PAIRS, CONFIGURATIONS, RUNS, OF_TWO)

DIRECTIONS = {"larger gap": 1, "larger": 1, "smaller gap": -1, "smaller": -1}


@dataclass(frozen=True)
class Verdict:
    """A verdict: its `kind`, its `direction` (1, -1, or 0 for none), and its interval if it has one.

    `axis` is the hyperparameter of a verdict along one axis.
    """

    kind: str
    direction: int
    interval: tuple[float, float] | None
    axis: str = ""


def verdicts(trials: pa.Table, curvature: pa.Table) -> Iterator[Verdict]:
    """Yield every verdict that an analysis gives on the measures of a study."""
    runs = measured(trials, curvature)
    for row in correlations(runs).to_pylist():
        yield _verdict(f"τ {row['among']}", row, "kendall_")
        if row["spearman"] is not None:
            # The tables have no verdict for ρ: it is derived from the interval here.
            interval = _interval(row, "spearman_")
            direction = 0 if interval is None else int(interval[0] > 0) - int(interval[1] < 0)
            yield Verdict(RHO, direction, interval)
    for row in granulated(runs).to_pylist():
        yield _verdict(OVERALL if row["axis"] == OVERALL else ALONG, row, "", row["axis"])
    for row in small_large(runs).to_pylist():
        if row["quantity"] in MEASURES and row["over"]:
            alone = row["small_configurations"] == row["large_configurations"] == 1
            yield _verdict(OF_TWO if alone else f"ratio, {row['over']}", row, "ratio_")


def _verdict(kind: str, row: dict, name: str, axis: str = "") -> Verdict:
    return Verdict(kind, DIRECTIONS.get(row["verdict"], 0), _interval(row, name), axis)


def _interval(row: dict, name: str) -> tuple[float, float] | None:
    low, high = row[f"{name}low"], row[f"{name}high"]
    return None if low is None else (low, high)


@dataclass(frozen=True)
class Rates:
    """Rates of the verdicts of one kind.

    `verdicts` is their number, and `given` the share that has an interval. Among these, `false` is the share with a wrong
    direction and `covered` the share whose interval contains the truth, with standard errors. `right` is the share of all
    verdicts with the correct direction.
    """

    verdicts: int
    given: float
    false: float
    false_error: float
    covered: float
    covered_error: float
    right: float


def rates(design: Design, studies: int, seed: int = 0) -> dict[str, Rates]:
    """Return the rates of each kind of verdict over a number of simulated `studies` of a design."""
    random = np.random.default_rng(seed)
    counted: dict[str, list[np.ndarray]] = defaultdict(list)
    for _ in range(studies):
        of_study: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(5))
        for verdict in verdicts(*tables(design, random)):
            if _has_known_truth(design, verdict):
                of_study[verdict.kind] += _counts(verdict, *_truth(design, verdict.kind))
        for kind, counts in of_study.items():
            counted[kind].append(counts)
    return {kind: _rates(np.array(counted[kind])) for kind in KINDS if kind in counted}


def _has_known_truth(design: Design, verdict: Verdict) -> bool:
    """Return True if the planted effect of the design is the truth for this verdict."""
    if verdict.kind == OF_TWO and design.within > 0:
        return False  # the two configurations differ by a random amount, which the verdict is about
    if design.confounder == "rate" and verdict.axis == "learning_rate":
        return False
    return not design.about or verdict.kind in design.about


def _truth(design: Design, kind: str) -> tuple[float, int]:
    """Return the planted effect and its direction."""
    if kind.startswith("ratio"):
        return design.ratio, int(np.sign(np.log(design.ratio)))
    if kind == RHO:
        return 6 / pi * asin(sin(pi / 2 * design.tau) / 2), int(np.sign(design.tau))
    return design.tau, int(np.sign(design.tau))


def _counts(verdict: Verdict, truth: float, direction: int) -> np.ndarray:
    given = verdict.interval is not None
    covers = given and verdict.interval[0] <= truth <= verdict.interval[1]
    right = direction != 0 and verdict.direction == direction
    return np.array([1, given, verdict.direction not in (0, direction), covers, right], dtype=float)


def _rates(counts: np.ndarray) -> Rates:
    """Return the rates from `counts`, (studies, 5).

    Standard errors are over studies, because the verdicts of one study are not independent.
    """
    every, given, false, covered, right = counts.sum(axis=0)
    denominator = max(1.0, given)

    def error(part: np.ndarray, total: float) -> float:
        return float(np.sqrt(((part - total / denominator * counts[:, 1]) ** 2).sum()) / denominator)

    return Rates(
        int(every), given / every, false / denominator, error(counts[:, 2], false), covered / denominator,
        error(counts[:, 3], covered), right / every,
    )  # fmt: skip
