"""The subjects of an analysis (PARTS), such as the effect of the batch size, and the tables on each subject."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa

from sweepgd.analysis.batch_size import batch_size_tables
from sweepgd.analysis.boundary import boundary
from sweepgd.analysis.claims import claims
from sweepgd.analysis.classes import classes
from sweepgd.analysis.factors import by
from sweepgd.analysis.importance import importance
from sweepgd.analysis.sharpness import sharpness
from sweepgd.analysis.summary import summary
from sweepgd.record import Results
from sweepgd.sweep.claim_spec import ClaimSpec

Tables = dict[str, pa.Table]


class Options(NamedTuple):
    """The options of an analysis: the `claims` to answer; `best`, the number of best configurations to list; and `target`, the
    loss or error to which steps are counted (by default the goal of the sweep).
    """

    claims: Sequence[ClaimSpec]
    best: int = 10
    target: float | None = None


def _claims(results: Results, options: Options) -> Tables:
    return {"claims": claims(results, options.claims)} if options.claims else {}


def _best(results: Results, options: Options) -> Tables:
    tables = {name: table for name, table in summary(results, options.best).items() if not name.startswith("by_")}
    return tables | {"classes": classes(results.trials), "boundary": boundary(results.trials)}


def _batch(results: Results, options: Options) -> Tables:
    return {"by_batch_size": by(results.trials, "batch_size")} | batch_size_tables(results, options.target)


def _optimizer(results: Results, options: Options) -> Tables:
    return {"by_optimizer": by(results.trials, "optimizer")}


def _schedule(results: Results, options: Options) -> Tables:
    return {"by_schedule": by(results.trials, "schedule")}


def _importance(results: Results, options: Options) -> Tables:
    return {"importance": importance(results.trials)}


def _sharpness(results: Results, options: Options) -> Tables:
    return sharpness(results)


PARTS: dict[str, Callable[[Results, Options], Tables]] = {
    "claims": _claims,
    "best": _best,
    "batch": _batch,
    "optimizer": _optimizer,
    "schedule": _schedule,
    "sharpness": _sharpness,
    "importance": _importance,
}


def tables(results: Results, part: str, options: Options) -> Tables:
    """Return the tables on a subject by name. `part` is the subject: one of PARTS, or "all" for all tables."""
    wanted = PARTS.values() if part == "all" else [PARTS[part]]
    return {name: table for each in wanted for name, table in each(results, options).items()}
