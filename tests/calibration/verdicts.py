"""How often verdicts of an analysis are false, how often its intervals hold what was planted, and how often it finds it."""

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

SAYS = {"larger gap": 1, "larger": 1, "smaller gap": -1, "smaller": -1}


@dataclass(frozen=True)
class Verdict:
    """One verdict: its kind, the direction that it says, 0 for none, and its interval, None where there is none. `axis` is the
    hyperparameter of a verdict along one."""

    kind: str
    says: int
    interval: tuple[float, float] | None
    axis: str = ""


def verdicts(trials: pa.Table, curvature: pa.Table) -> Iterator[Verdict]:
    """Yield every verdict that an analysis gives on the measures of a study."""
    runs = measured(trials, curvature)
    for row in correlations(runs).to_pylist():
        yield _verdict(f"τ {row['among']}", row, "kendall_")
        if row["spearman"] is not None:
            # The tables print no verdict on ρ: its interval would say one.
            interval = _interval(row, "spearman_")
            says = 0 if interval is None else int(interval[0] > 0) - int(interval[1] < 0)
            yield Verdict(RHO, says, interval)
    for row in granulated(runs).to_pylist():
        yield _verdict(OVERALL if row["axis"] == OVERALL else ALONG, row, "", row["axis"])
    for row in small_large(runs).to_pylist():
        if row["quantity"] in MEASURES and row["over"]:
            alone = row["small_configurations"] == row["large_configurations"] == 1
            yield _verdict(OF_TWO if alone else f"ratio, {row['over']}", row, "ratio_")


def _verdict(kind: str, row: dict, name: str, axis: str = "") -> Verdict:
    return Verdict(kind, SAYS.get(row["verdict"], 0), _interval(row, name), axis)


def _interval(row: dict, name: str) -> tuple[float, float] | None:
    low, high = row[f"{name}low"], row[f"{name}high"]
    return None if low is None else (low, high)


@dataclass(frozen=True)
class Rates:
    """Of the verdicts of a kind: how many there were; the share that had an interval; of these the share that says a wrong
    direction, and that holds the truth, with standard errors; and of all the share that says the right direction."""

    verdicts: int
    given: float
    false: float
    false_error: float
    covered: float
    covered_error: float
    right: float


def rates(design: Design, studies: int, seed: int = 0) -> dict[str, Rates]:
    """Return the rates of each kind of verdict over so many studies of a design."""
    random = np.random.default_rng(seed)
    counted: dict[str, list[np.ndarray]] = defaultdict(list)
    for _ in range(studies):
        of_study: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(5))
        for verdict in verdicts(*tables(design, random)):
            if _is_about(design, verdict):
                of_study[verdict.kind] += _counts(verdict, *_truth(design, verdict.kind))
        for kind, counts in of_study.items():
            counted[kind].append(counts)
    return {kind: _rates(np.array(counted[kind])) for kind in KINDS if kind in counted}


def _is_about(design: Design, verdict: Verdict) -> bool:
    """Whether the design's truth is that of the verdict."""
    if verdict.kind == OF_TWO and design.within > 0:
        return False  # two configurations differ, and it says by how much
    if design.confounder == "rate" and verdict.axis == "learning_rate":
        return False
    return not design.about or verdict.kind in design.about


def _truth(design: Design, kind: str) -> tuple[float, int]:
    """Return what was planted, and its direction."""
    if kind.startswith("ratio"):
        return design.ratio, int(np.sign(np.log(design.ratio)))
    if kind == RHO:
        return 6 / pi * asin(sin(pi / 2 * design.tau) / 2), int(np.sign(design.tau))
    return design.tau, int(np.sign(design.tau))


def _counts(verdict: Verdict, truth: float, direction: int) -> np.ndarray:
    given = verdict.interval is not None
    holds = given and verdict.interval[0] <= truth <= verdict.interval[1]
    right = direction != 0 and verdict.says == direction
    return np.array([1, given, verdict.says not in (0, direction), holds, right], dtype=float)


def _rates(counts: np.ndarray) -> Rates:
    """`counts` has a row a study: verdicts of one study are not independent, so studies are what errors are taken over."""
    every, given, false, holds, right = counts.sum(axis=0)
    below = max(1.0, given)

    def error(part: np.ndarray, total: float) -> float:
        return float(np.sqrt(((part - total / below * counts[:, 1]) ** 2).sum()) / below)

    return Rates(
        int(every), given / every, false / below, error(counts[:, 2], false), holds / below, error(counts[:, 3], holds),
        right / every,
    )  # fmt: skip
