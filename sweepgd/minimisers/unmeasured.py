"""The requested measures at each minimiser, both recorded and missing measures."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.curvature.catalogue import records_of
from sweepgd.minimisers.recorded_checks import check_data
from sweepgd.minimisers.recorded_contexts import RecordedContexts
from sweepgd.record import Results
from sweepgd.training.measure_minimisers import PATH, WHOLE, MeasureRequest, is_unmeasured, settings_text, wanted
from sweepgd.training.sweep_context import SweepContext

MinimiserKey = tuple[int, int, str]
"""The trial, the replicate, and the weights ("final" or "best")."""


def chosen(results: Results, trials: Iterable[int | range] | None) -> set[int]:
    """Return the numbers of the trials to measure, from `trials` or by default all recorded trials.

    Raises SweepgdError if a given trial is not recorded, or if no trial of a given range is recorded.
    """
    recorded = set(results.trials["trial"].to_pylist())
    if not recorded:
        raise SweepgdError(f"{results.directory} holds no trials yet: run its sweep with sweepgd search")
    if trials is None:
        return recorded
    numbers: set[int] = set()
    for entry in trials:
        selected = {number for number in recorded if number in entry} if isinstance(entry, range) else {int(entry)} & recorded
        if not selected:
            name = f"trials {entry[0]} to {entry[-1]}" if isinstance(entry, range) else f"trial {entry}"
            raise UsageError(f"{results.directory} holds no {name}: it has trials {min(recorded)} to {max(recorded)}")
        numbers |= selected
    return numbers


def missing_measures(
    results: Results, context: SweepContext, trials: set[int], note: Callable[[str], None]
) -> dict[MinimiserKey, list[MeasureRequest]]:
    """Return the minimisers of these trials, each with its missing measures.

    `note` receives a line with the number of runs without a minimiser. Raises SweepgdError if a run was trained on data that
    differ from the context's data.
    """
    rows = results.trials.select(["trial", "replicate", "status"]).to_pylist()
    status = {(row["trial"], row["replicate"]): row["status"] for row in rows if row["trial"] in trials}
    without = Counter(ending for ending in status.values() if ending not in WHOLE)
    if without:
        endings = ", ".join(f"{count} {ending.replace('_', ' ')}" for ending, count in sorted(without.items()))
        note(f"{without.total()} of {len(status)} runs have no minimiser to measure: {endings}")
    rows = [row for row in results.minimisers.to_pylist() if row["which"] in context.measure.which]
    rows = [row for row in rows if status.get((row["trial"], row["replicate"])) in WHOLE]
    contexts = RecordedContexts(results, context)
    once = {(contexts.of(row["trial"]).settings, row["replicate"], row["data_fingerprint"]): row for row in reversed(rows)}
    for row in once.values():
        own = contexts.of(row["trial"])
        check_data(own, f"trial {row['trial']} of {results.directory}", row["replicate"], row["data_fingerprint"])
    runs = [(row["trial"], row["replicate"], row["which"]) for row in rows]
    names = _names(context)
    recorded = {
        ((row["trial"], row["replicate"], row["which"]), MeasureRequest(names[row["measure"]], row["rescaling"]))
        for row in newest(results, context, trials).to_pylist()
        if not is_unmeasured(row)
    }
    return {run: [request for request in wanted(context) if (run, request) not in recorded] for run in runs}


def newest(results: Results, context: SweepContext, trials: set[int]) -> pa.Table:
    """Return the last row of each measure that the context's `[measure]` table requests."""
    names, spec = _names(context), context.measure
    requested = set(wanted(context))
    contexts = RecordedContexts(results, context)
    texts: dict[tuple[str, int, str], str] = {}

    def settings_of(trial: int, replicate: int, name: str) -> str:
        own = contexts.of(trial)
        key = own.settings, replicate, name
        if key not in texts:
            texts[key] = settings_text(own, replicate, name)
        return texts[key]

    def is_requested(trial: int, replicate: int, which: str, record: str, rescaling: float, settings: str) -> bool:
        name = names.get(record, "")
        known = trial in trials and which in spec.which and MeasureRequest(name, rescaling) in requested
        return known and settings == settings_of(trial, replicate, name)

    return _last(results.curvature, is_requested)


def latest(results: Results) -> pa.Table:
    """Return the last recorded row of each measure at each minimiser."""
    return _last(results.curvature, lambda trial, replicate, which, *_: which != PATH)


def _last(table: pa.Table, is_requested: Callable[..., bool]) -> pa.Table:
    """Return the requested rows. Among rows with equal keys, only the last row is returned, so that a later value replaces a
    failure.
    """
    keys = ("trial", "replicate", "which", "measure", "rescaling", "settings")
    last: dict[tuple[Any, ...], int] = {}
    for index, key in enumerate(zip(*(table[name].to_pylist() for name in keys), strict=True)):
        if is_requested(*key):
            last[key] = index
    return table.take(pa.array(sorted(last.values()), pa.int64()))


def _names(context: SweepContext) -> dict[str, str]:
    """Return the measures that the context requests, by the names of their recorded values."""
    spec = context.measure
    return {record: name for name in spec.measures for record in records_of(name, spec.settings[name])}
