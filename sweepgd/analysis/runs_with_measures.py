"""Runs with the measures of their minimisers as columns."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, has_status, nullable
from sweepgd.analysis.configurations import DESCRIPTION, LOSS_COLUMNS
from sweepgd.analysis.evaluations import at_evaluations, evaluated_at
from sweepgd.analysis.repeats import once
from sweepgd.core.errors import UsageError
from sweepgd.curvature.catalogue import MEASURES as CATALOGUE
from sweepgd.curvature.catalogue import Measure, measure_of

Indices = npt.NDArray[np.int64]

KEYS = ("trial", "replicate", "status")
ORDER = [("trial", "ascending"), ("replicate", "ascending")]


def measured(trials: pa.Table, curvature: pa.Table, curves: pa.Table | None = None) -> pa.Table:
    """Return one row per run of `trials`, sorted by trial and replicate, with a column for each recorded measure.

    Columns: `trial`, `replicate`, `status`, the hyperparameters, losses, errors, `generalization_gap`, then the measures in
    the order of the catalogue; null if a run has no value. Runs that did not complete have neither losses nor measures. A
    configuration that several trials ran is represented by one of them (`repeats.once`).

    All values are of the same kind of weights, final or best. If the kind that the losses in `trials` belong to was measured,
    this kind is used. Otherwise the other kind is used, with losses from `curves` (null without `curves`). All values of a
    column have the same settings: the settings with values for the most runs. If several settings have equally many values, the
    settings measured on the most data rows are used, and then those with the newest values. Values at rescaled weights are left
    out.
    """
    runs = once(trials).sort_by(ORDER)
    finished_rows, finished = np.flatnonzero(has_status(runs, "completed")), completed(runs)
    _, rows, updates = same_weights(finished, curvature)
    finished = at_evaluations(finished, curves, updates)

    def of_all_runs(values: Floats, at: Indices) -> pa.Array:
        column = np.full(runs.num_rows, np.nan)
        column[finished_rows[at]] = values
        return nullable(column)

    columns = {name: runs[name] for name in (*KEYS, *DESCRIPTION)}
    columns |= {name: of_all_runs(floats(finished, name), np.arange(len(finished_rows))) for name in LOSS_COLUMNS}
    run_of_row, values = run_indices(finished, rows), floats(rows, "value")
    for name, of_measure in rows_by_measure(rows).items():
        chosen = with_equal_settings(rows, of_measure[run_of_row[of_measure] >= 0], run_of_row)
        chosen = chosen[~np.isnan(values[chosen])]
        columns[name] = of_all_runs(values[chosen], run_of_row[chosen])
    return pa.table(columns)


def measure_names(runs: pa.Table) -> list[str]:
    """Return the names of the columns of `measured` that hold measures."""
    return runs.column_names[len(KEYS) + len(DESCRIPTION) + len(LOSS_COLUMNS) :]


def completed(runs: pa.Table) -> pa.Table:
    """Return the completed runs, sorted by trial and replicate."""
    return runs.filter(pa.array(has_status(runs, "completed"))).sort_by(ORDER)


class SameWeights(NamedTuple):
    """Curvature `rows` of one kind of weights. `which` names the kind, "final" or "best".

    `updates` is the update after which each run had these weights, (runs,), NaN if unknown.
    """

    which: str
    rows: pa.Table
    updates: Floats


def same_weights(runs: pa.Table, curvature: pa.Table) -> SameWeights:
    """Return the measurements at the kind of weights that the losses in `runs` belong to, or at the other kind if only the
    other kind has values.
    """
    rows = as_trained(curvature)
    last, losses_at = floats(runs, "updates"), evaluated_at(runs)
    kinds = ("final", "best") if np.array_equal(last, losses_at, equal_nan=True) else ("best", "final")
    run_of_row = run_indices(runs, rows)
    known = (run_of_row >= 0) & ~np.isnan(floats(rows, "value"))
    of_kind = {kind: pc.equal(rows["which"], kind).to_numpy().astype(bool) for kind in kinds}
    kind = next((kind for kind in kinds if (known & of_kind[kind]).any()), kinds[0])
    if kind == "final":
        updates = last
    elif kind == kinds[0]:
        updates = losses_at
    else:
        updates = np.full(runs.num_rows, np.nan)
        updates[run_of_row[known & of_kind[kind]]] = floats(rows, "update")[known & of_kind[kind]]
    return SameWeights(kind, rows.filter(pa.array(of_kind[kind])), updates)


def as_trained(curvature: pa.Table) -> pa.Table:
    """Return the rows that were measured at final or best weights as trained."""
    rows = at_minimisers(curvature)
    return rows.filter(pc.equal(rows["rescaling"], 1.0))


def at_minimisers(curvature: pa.Table) -> pa.Table:
    """Return the rows that were measured at final or best weights, rescaled or not."""
    return curvature.filter(pc.is_in(curvature["which"], pa.array(["final", "best"])))


def rows_by_measure(rows: pa.Table) -> dict[str, Indices]:
    """Return the row numbers of each recorded measure by its name. The measures are in the order of the catalogue."""
    names = rows["measure"].combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy(zero_copy_only=False)
    catalogue = list(CATALOGUE)

    def position(item: tuple[int, str]) -> int:
        entry = catalogue_entry(item[1])
        return len(catalogue) if entry is None else catalogue.index(entry.name)

    ordered = sorted(enumerate(names.dictionary.to_pylist()), key=position)
    return {name: np.flatnonzero(codes == code) for code, name in ordered}


def catalogue_entry(name: str) -> Measure | None:
    """Return the catalogue's entry of a recorded name, or None if this version does not know the measure."""
    try:
        return measure_of(name)
    except UsageError:
        return None


def run_indices(runs: pa.Table, rows: pa.Table) -> Indices:
    """Return, for each of `rows`, the row number of its trial and replicate in the sorted `runs`, (rows,).

    The number is -1 if `runs` does not have the trial and replicate.
    """
    base = max((pc.max(table["replicate"]).as_py() or 0 for table in (runs, rows)), default=0) + 1
    keys, wanted = (table["trial"].to_numpy() * base + table["replicate"].to_numpy() for table in (runs, rows))
    if not len(keys):
        return np.full(len(wanted), -1)
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[found] == wanted, found, -1)


def with_equal_settings(rows: pa.Table, of_measure: Indices, run_of_row: Indices) -> Indices:
    """Return the row numbers of one measure that share the preferred settings. `measured` describes the preference.

    `of_measure` are the row numbers of the measure, and `run_of_row` is the run number of each of `rows`, (rows,). Rows
    without a value do not affect the choice unless no row has a value.
    """
    if not len(of_measure):
        return of_measure
    part = rows.select(["settings", "rows", "value"]).take(pa.array(of_measure))
    settings = _numbers(part["settings"])
    considered = ~np.isnan(floats(part, "value"))
    if not considered.any():
        considered[:] = True
    sizes, runs = np.nan_to_num(floats(part, "rows")), run_of_row[of_measure]

    def rank(code: int) -> tuple[int, float, int]:
        own = np.flatnonzero(considered & (settings == code))
        return len(np.unique(runs[own])), sizes[own[-1]], own[-1]

    best = max(np.unique(settings[considered]), key=rank)
    return of_measure[settings == best]


def _numbers(column: pa.ChunkedArray) -> Indices:
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
