"""How often the verdicts of an analysis are false, its intervals hold what was planted, and it finds it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, pi, sin

import numpy as np
import pyarrow as pa
from calibration.studies import MEASURES, Design, tables

from sweepgd.analysis import correlations, granulated, measured, small_large

LARGER, SMALLER = ("larger gap", "larger"), ("smaller gap", "smaller")


@dataclass(frozen=True)
class Verdict:
    """One verdict: its kind, the direction that it says (0 for none), and its interval, None where there is none."""

    kind: str
    says: int
    interval: tuple[float, float] | None


def verdicts(trials: pa.Table, curvature: pa.Table) -> Iterator[Verdict]:
    """Every verdict that an analysis gives on the measures of a study."""
    runs = measured(trials, curvature)
    for row in correlations(runs).to_pylist():
        yield _verdict(f"τ {row['among']}", row, "kendall_")
        if row["spearman"] is not None:
            low, high = row["spearman_low"], row["spearman_high"]
            says = 0 if low is None else (low > 0) - (high < 0)
            yield Verdict("ρ all runs", says, None if low is None else (low, high))
    for row in granulated(runs).to_pylist():
        yield _verdict("Ψ" if row["axis"] == "Ψ" else f"τ along {row['axis']}", row, "")
    for row in small_large(runs).to_pylist():
        if row["quantity"] in MEASURES:
            yield _verdict(f"ratio over {row['over']}", row, "ratio_")


def _verdict(kind: str, row: dict, name: str) -> Verdict:
    said = row["verdict"]
    low, high = row[f"{name}low"], row[f"{name}high"]
    return Verdict(kind, (said in LARGER) - (said in SMALLER), None if low is None else (low, high))


@dataclass(frozen=True)
class Rates:
    """Of the verdicts of a kind: how many were given an interval, the share of these that says a wrong direction, the share of
    all that says the right one, and the share of intervals that hold the truth; with the standard errors of the first and last.
    """

    verdicts: int
    given: float
    false: float
    false_error: float
    right: float
    covered: float
    covered_error: float


def rates(design: Design, studies: int, seed: int = 0) -> dict[str, Rates]:
    """The rates of each kind of verdict over so many studies of a design; verdicts of one study are no independent ones."""
    random = np.random.default_rng(seed)
    counted: dict[str, list[list[int]]] = defaultdict(list)
    for _ in range(studies):
        of_study: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        for verdict in verdicts(*tables(design, random)):
            truth, direction = _truth(design, verdict.kind)
            given = verdict.interval is not None
            counts = (
                1,
                given,
                verdict.says not in (0, direction),
                direction != 0 and verdict.says == direction,
                given and verdict.interval[0] <= truth <= verdict.interval[1],
            )
            of_study[verdict.kind] = [sum(pair) for pair in zip(of_study[verdict.kind], counts, strict=True)]
        for kind, counts in of_study.items():
            counted[kind].append(counts)
    return {kind: _rates(np.array(rows, dtype=float)) for kind, rows in counted.items()}


def _truth(design: Design, kind: str) -> tuple[float, int]:
    """What was planted, and its direction."""
    if kind.startswith("ratio"):
        return design.ratio, int(np.sign(np.log(design.ratio)))
    if kind.startswith("ρ"):
        return 6 / pi * asin(sin(pi / 2 * design.tau) / 2), int(np.sign(design.tau))
    return design.tau, int(np.sign(design.tau))


def _rates(counts: np.ndarray) -> Rates:
    every, given, false, right, covered = counts.sum(axis=0)

    def error(part: np.ndarray) -> float:
        """The standard error of a share of those given, over studies as the independent draws."""
        rest = part - part.sum() / max(1.0, given) * counts[:, 1]
        return float(np.sqrt((rest**2).sum()) / max(1.0, given))

    return Rates(
        int(every),
        given / every,
        false / max(1.0, given),
        error(counts[:, 2]),
        right / every,
        covered / max(1.0, given),
        error(counts[:, 4]),
    )
