"""Check before the first trial that the results will have the columns that claims name, and that names in them exist."""

from collections.abc import Collection, Iterator

from sweepgd.core.errors import UsageError, nearest
from sweepgd.core.outcome import COMPLETED, DIVERGED, FAILED, PRUNED, TIMED_OUT
from sweepgd.curvature.catalogue import MEASURES, measure_of
from sweepgd.plugins import registry
from sweepgd.record import TRIALS
from sweepgd.schedules import BATCH_SCHEDULES
from sweepgd.sweep import Sweep
from sweepgd.sweep.claim_spec import ClaimSpec, Interval, Scalar
from sweepgd.sweep.dotted_keys import dotted
from sweepgd.sweep.space import Space

# Hyperparameters of every configuration, and the column made from `status`.
ALWAYS = ("warmup", "weight_decay", "schedule_after_warmup", "diverged")


def check_claims(sweep: Sweep, space: Space) -> None:
    """Raise UsageError if a claim names a column that the results of this sweep will not have, or an optimizer, a schedule or a
    status that does not exist.

    Names of measures are accepted even if the sweep has no `[measure]` table, because `sweepgd measure` can add measures later.
    """
    known = {*TRIALS.names, *ALWAYS, *_settings(sweep), *map(column_of, (axis.name for axis in space.axes))}
    known |= {key for point in sweep.points for key in point.hyperparameters}
    for number, claim in enumerate(sweep.claims):
        where = {f"where.{name}": name for name in claim.where}
        for key, name in ({"of": claim.of, "by": claim.by} | where).items():
            if name is not None and name not in known and not _is_measure(name):
                short = column_of(f"optimizer.{name}")  # beta1 of adam.beta1, its name where several optimizers are compared
                close = f"did you mean {short!r}?" if "." in name and short in known else nearest(name, {*known, *MEASURES})
                raise UsageError(f"claims[{number}].{key} = {name!r}: no such column: {close}")
        for key, column, value in compared(number, claim):
            names = _names(column)
            if names and value not in names:
                raise UsageError(f"{key} = {value!r}: no such {column.replace('_', ' ')}: {nearest(str(value), names)}")


def compared(number: int, claim: ClaimSpec) -> Iterator[tuple[str, str, Scalar | Interval]]:
    """Yield each value that a claim compares or selects, with its key in the sweep file and its column."""
    for group in claim.groups:
        yield f"claims[{number}].groups", str(claim.by), group
    for column, wanted in claim.where.items():
        for value in wanted if isinstance(wanted, list) else [wanted]:
            yield f"claims[{number}].where.{column}", column, value


def _names(column: str) -> Collection[str]:
    """Return all values that a column of names can have. It is empty for any other column."""
    if column == "status":
        return (COMPLETED, DIVERGED, PRUNED, FAILED, TIMED_OUT)
    if column in ("optimizer", "schedule"):
        return registry.names(f"{column}s")
    return BATCH_SCHEDULES if column == "batch_schedule" else ()


def column_of(axis: str) -> str:
    """Return the name of the column that holds an axis. For example, the axis "optimizer.adam.beta1" is in the column "beta1",
    and "schedule.step.after" is in "schedule.after".
    """
    kind, _, rest = axis.partition(".")
    _, _, key = rest.rpartition(".")
    return key if kind == "optimizer" and key else f"{kind}.{key}" if "." in rest else axis


def _settings(sweep: Sweep) -> Iterator[str]:
    for table in ("data", "model", "budget"):
        yield from dotted(getattr(sweep, table).model_dump(exclude_none=True), f"{table}.")


def _is_measure(name: str) -> bool:
    try:
        measure_of(name)
    except UsageError:
        return False
    return True
