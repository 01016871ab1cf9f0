"""Runs beside what was measured at their minimisers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats, has_status, nullable
from sweepgd.analysis.configurations import DESCRIPTION, MEASURES
from sweepgd.measures import MEASURES as CATALOGUE
from sweepgd.measures import Measure, measure_of
from sweepgd.problem import UsageProblem

Indices = npt.NDArray[np.int64]


def measured(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """The completed runs of `trials`, a row each, in order of trial and replicate, with a column for each recorded measure.

    Columns: `trial`, `replicate`, what describes the configuration, losses, errors, `generalization_gap`, then the measures by
    name, in the order of the catalogue; null where a run has no value. A column never mixes two ways of measuring: it holds
    values at the final weights, or at the best ones where no final ones were measured; of several settings it holds those that
    most runs were measured with, the newest of them where as many were; and no value of rescaled weights.
    """
    runs = trials.filter(pa.array(has_status(trials, "completed")))
    runs = runs.sort_by([("trial", "ascending"), ("replicate", "ascending")])
    columns = {name: runs[name] for name in ("trial", "replicate", *DESCRIPTION)}
    columns |= {name: nullable(floats(runs, name)) for name in MEASURES}
    rows = at_minimisers(curvature)
    rows = rows.filter(pc.equal(rows["rescaling"], 1.0))
    home = place(runs, rows)
    values = floats(rows, "value")
    for name, of_measure in by_measure(rows).items():
        chosen = _one_way(rows, of_measure)
        chosen = chosen[home[chosen] >= 0]
        column = np.full(runs.num_rows, np.nan)
        column[home[chosen]] = values[chosen]
        columns[name] = nullable(column)
    return pa.table(columns)


def measure_names(runs: pa.Table) -> list[str]:
    """The columns of `measured` that hold measures."""
    return runs.column_names[2 + len(DESCRIPTION) + len(MEASURES) :]


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


def _one_way(rows: pa.Table, of_measure: Indices) -> Indices:
    """Of one measure's rows those at one kind of weights, measured with one set of settings."""
    part = rows.select(["which", "settings"]).take(pa.array(of_measure))
    final = pc.equal(part["which"], "final").to_numpy().astype(bool)
    kept = of_measure[final] if final.any() else of_measure
    settings = part["settings"].filter(pa.array(final)) if final.any() else part["settings"]
    codes = settings.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
    counts = np.bincount(codes)
    last = np.zeros(len(counts), dtype=np.int64)
    last[codes] = np.arange(len(codes))
    return kept[codes == max(range(len(counts)), key=lambda code: (counts[code], last[code]))]
