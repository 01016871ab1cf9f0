"""Runs beside what was measured at their minimisers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, floats, has_status, nullable
from sweepgd.analysis.configurations import DESCRIPTION, MEASURES
from sweepgd.analysis.evaluations import evaluated_at, of_evaluation
from sweepgd.analysis.repeats import once
from sweepgd.measures import MEASURES as CATALOGUE
from sweepgd.measures import Measure, measure_of
from sweepgd.problem import UsageProblem

Indices = npt.NDArray[np.int64]

KEYS = ("trial", "replicate", "status")
ORDER = [("trial", "ascending"), ("replicate", "ascending")]


def measured(trials: pa.Table, curvature: pa.Table, curves: pa.Table | None = None) -> pa.Table:
    """Return the runs of `trials`, a row each, in order of trial and replicate, with a column for each recorded measure.

    Columns: `trial`, `replicate`, `status`, what describes the configuration, losses, errors, `generalization_gap`, then the
    measures by name, in the order of the catalogue; null where a run has no value. A run that did not complete has no losses
    and no measures, and a configuration that several trials ran has the runs of one (`repeats.once`).

    All are of one kind of weights, final or best: of those that the losses in `trials` are of, or of the others where these
    were not measured; the losses then come from `curves`, and are null without. A column never mixes two ways of measuring: of
    several settings it holds those with which most runs have a value, then those on more rows, then the newest; and no value
    of rescaled weights.
    """
    runs = once(trials).sort_by(ORDER)
    places, finished = np.flatnonzero(has_status(runs, "completed")), completed(runs)
    _, rows, updates = of_one_kind(finished, curvature)
    finished = of_evaluation(finished, curves, updates)

    def of_all(values: Floats, at: Indices) -> pa.Array:
        column = np.full(runs.num_rows, np.nan)
        column[places[at]] = values
        return nullable(column)

    columns = {name: runs[name] for name in (*KEYS, *DESCRIPTION)}
    columns |= {name: of_all(floats(finished, name), np.arange(len(places))) for name in MEASURES}
    home, values = place(finished, rows), floats(rows, "value")
    for name, of_measure in by_measure(rows).items():
        chosen = one_way(rows, of_measure[home[of_measure] >= 0], home)
        chosen = chosen[~np.isnan(values[chosen])]
        columns[name] = of_all(values[chosen], home[chosen])
    return pa.table(columns)


def measure_names(runs: pa.Table) -> list[str]:
    """The columns of `measured` that hold measures."""
    return runs.column_names[len(KEYS) + len(DESCRIPTION) + len(MEASURES) :]


def completed(runs: pa.Table) -> pa.Table:
    """The completed runs, in order of trial and replicate."""
    return runs.filter(pa.array(has_status(runs, "completed"))).sort_by(ORDER)


class OfOneKind(NamedTuple):
    """Rows measured at one kind of weights, `which` "final" or "best", and the update after which each run had these, (runs,),
    NaN where it is not known."""

    which: str
    rows: pa.Table
    updates: Floats


def of_one_kind(runs: pa.Table, curvature: pa.Table) -> OfOneKind:
    """What was measured at the weights that the losses in `runs` are of; at the others where only these have a value."""
    rows = as_trained(curvature)
    last, losses_at = floats(runs, "updates"), evaluated_at(runs)
    kinds = ("final", "best") if np.array_equal(last, losses_at, equal_nan=True) else ("best", "final")
    home = place(runs, rows)
    known = (home >= 0) & ~np.isnan(floats(rows, "value"))
    of_kind = {kind: pc.equal(rows["which"], kind).to_numpy().astype(bool) for kind in kinds}
    kind = next((kind for kind in kinds if (known & of_kind[kind]).any()), kinds[0])
    if kind == "final":
        updates = last
    elif kind == kinds[0]:
        updates = losses_at
    else:
        updates = np.full(runs.num_rows, np.nan)
        updates[home[known & of_kind[kind]]] = floats(rows, "update")[known & of_kind[kind]]
    return OfOneKind(kind, rows.filter(pa.array(of_kind[kind])), updates)


def as_trained(curvature: pa.Table) -> pa.Table:
    """The rows measured at minimisers, and not at other weights of the same function."""
    rows = at_minimisers(curvature)
    return rows.filter(pc.equal(rows["rescaling"], 1.0))


def at_minimisers(curvature: pa.Table) -> pa.Table:
    """The rows measured at final or best weights, rescaled or not."""
    return curvature.filter(pc.is_in(curvature["which"], pa.array(["final", "best"])))


def by_measure(rows: pa.Table) -> dict[str, Indices]:
    """The row numbers of each recorded name, in the order of the catalogue."""
    names = rows["measure"].combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy(zero_copy_only=False)
    catalogue = list(CATALOGUE)

    def place_of(item: tuple[int, str]) -> int:
        entry = known(item[1])
        return len(catalogue) if entry is None else catalogue.index(entry.name)

    ordered = sorted(enumerate(names.dictionary.to_pylist()), key=place_of)
    return {name: np.flatnonzero(codes == code) for code, name in ordered}


def known(name: str) -> Measure | None:
    """The catalogue's entry of a recorded name; None where another version recorded what this one does not know."""
    try:
        return measure_of(name)
    except UsageProblem:
        return None


def place(runs: pa.Table, rows: pa.Table) -> Indices:
    """For each of `rows` the row number in `runs`, which are in order, of the same trial and replicate; -1 where none is."""
    base = max((pc.max(table["replicate"]).as_py() or 0 for table in (runs, rows)), default=0) + 1
    keys, wanted = (table["trial"].to_numpy() * base + table["replicate"].to_numpy() for table in (runs, rows))
    if not len(keys):
        return np.full(len(wanted), -1)
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[found] == wanted, found, -1)


def one_way(rows: pa.Table, of_measure: Indices, home: Indices) -> Indices:
    """Of one measure's row numbers those measured with one set of settings; `home` numbers the run of each of `rows`. Rows
    without a value choose only where no row has one.
    """
    if not len(of_measure):
        return of_measure
    part = rows.select(["settings", "rows", "value"]).take(pa.array(of_measure))
    settings = _numbers(part["settings"])
    voting = ~np.isnan(floats(part, "value"))
    if not voting.any():
        voting[:] = True
    sizes, runs = np.nan_to_num(floats(part, "rows")), home[of_measure]

    def rank(code: int) -> tuple[int, float, int]:
        own = np.flatnonzero(voting & (settings == code))
        return len(np.unique(runs[own])), sizes[own[-1]], own[-1]

    best = max(np.unique(settings[voting]), key=rank)
    return of_measure[settings == best]


def _numbers(column: pa.ChunkedArray) -> Indices:
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
