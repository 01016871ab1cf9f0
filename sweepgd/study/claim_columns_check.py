"""Check before the first trial that the results will have the columns that claims name."""

from collections.abc import Iterator

from sweepgd.core.errors import UsageError, nearest
from sweepgd.curvature.catalogue import MEASURES, measure_of
from sweepgd.record import TRIALS
from sweepgd.sweep import Sweep
from sweepgd.sweep.dotted_keys import dotted
from sweepgd.sweep.space import Space

# Hyperparameters of every configuration, and the column made from `status`.
ALWAYS = ("warmup", "weight_decay", "schedule_after_warmup", "diverged")


def check_claims(sweep: Sweep, space: Space) -> None:
    """Raise UsageError if a claim names a column that the results of this sweep will not have.

    Names of measures are accepted even if the sweep has no `[measure]` table, because `sweepgd measure` can add measures later.
    """
    known = {*TRIALS.names, *ALWAYS, *_settings(sweep), *map(_hyperparameter, (axis.name for axis in space.axes))}
    known |= {key for point in sweep.points for key in point.hyperparameters}
    for number, claim in enumerate(sweep.claims):
        where = {f"where.{name}": name for name in claim.where}
        for key, name in ({"of": claim.of, "by": claim.by} | where).items():
            if name is not None and name not in known and not _is_measure(name):
                raise UsageError(f"claims[{number}].{key} = {name!r}: no such column: {nearest(name, {*known, *MEASURES})}")


def _hyperparameter(axis: str) -> str:
    """Return the name of the column that holds an axis. For example, the axis "optimizer.adam.beta1" is in the column "beta1",
    and "schedule.step.after" is in "schedule.after".
    """
    kind, _, rest = axis.partition(".")
    _, _, key = rest.rpartition(".")
    return key if kind == "optimizer" else f"{kind}.{key}" if "." in rest else axis


def _settings(sweep: Sweep) -> Iterator[str]:
    for table in ("data", "model", "budget"):
        yield from dotted(getattr(sweep, table).model_dump(exclude_none=True), f"{table}.")


def _is_measure(name: str) -> bool:
    try:
        measure_of(name)
    except UsageError:
        return False
    return True
