"""Runs beside what was measured at their minimisers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats, has_status, nullable
from sweepgd.analysis.configurations import DESCRIPTION, MEASURES
from sweepgd.analysis.repeats import once
from sweepgd.measures import MEASURES as CATALOGUE
from sweepgd.measures import Measure, measure_of
from sweepgd.problem import UsageProblem

Indices = npt.NDArray[np.int64]

KEYS = ("trial", "replicate", "status")
ORDER = [("trial", "ascending"), ("replicate", "ascending")]


def measured(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """Return the runs of `trials`, a row each, in order of trial and replicate, with a column for each recorded measure.

    Columns: `trial`, `replicate`, `status`, what describes the configuration, losses, errors, `generalization_gap`, then the
    measures by name, in the order of the catalogue; null where a run has no value. A run that did not complete has no losses
    and no measures, and a configuration that several trials ran has the runs of one (`repeats.once`).

    A column never mixes two ways of measuring: it holds values at the final weights, or at the best ones where no final ones
    have a value; of several settings it holds those with which most runs have a value, then those on more rows, then the
    newest; and no value of rescaled weights.
    """
    runs = once(trials).sort_by(ORDER)
    whole = has_status(runs, "completed")
    columns = {name: runs[name] for name in (*KEYS, *DESCRIPTION)}
    columns |= {name: nullable(np.where(whole, floats(runs, name), np.nan)) for name in MEASURES}
    finished, places = completed(runs), np.flatnonzero(whole)
    rows = as_trained(curvature)
    home, values = place(finished, rows), floats(rows, "value")
    for name, of_measure in by_measure(rows).items():
        chosen = one_way(rows, of_measure[home[of_measure] >= 0], home)
        chosen = chosen[~np.isnan(values[chosen])]
        column = np.full(runs.num_rows, np.nan)
        column[places[home[chosen]]] = values[chosen]
        columns[name] = nullable(column)
    return pa.table(columns)


def measure_names(runs: pa.Table) -> list[str]:
    """The columns of `measured` that hold measures."""
    return runs.column_names[len(KEYS) + len(DESCRIPTION) + len(MEASURES) :]


def completed(runs: pa.Table) -> pa.Table:
    """The completed runs, in order of trial and replicate."""
    return runs.filter(pa.array(has_status(runs, "completed"))).sort_by(ORDER)


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
    """Of one measure's row numbers those at one kind of weights, measured with one set of settings; `home` numbers the run of
    each of `rows`. Rows without a value choose only where no row has one.
    """
    if not len(of_measure):
        return of_measure
    part = rows.select(["which", "settings", "rows", "value"]).take(pa.array(of_measure))
    which, settings = (_numbers(part[name]) for name in ("which", "settings"))
    final = pc.equal(part["which"], "final").to_numpy().astype(bool)
    voting = ~np.isnan(floats(part, "value"))
    if not voting.any():
        voting[:] = True
    if (voting & final).any():
        voting &= final
    sizes, runs = np.nan_to_num(floats(part, "rows")), home[of_measure]

    def rank(code: int) -> tuple[int, float, int]:
        own = np.flatnonzero(voting & (settings == code))
        return len(np.unique(runs[own])), sizes[own[-1]], own[-1]

    best = max(np.unique(settings[voting]), key=rank)
    return of_measure[(settings == best) & (which == which[voting][0])]


def _numbers(column: pa.ChunkedArray) -> Indices:
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
