"""Read a results directory as Arrow tables, including results that are still only in the log."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.layout import COLUMNS, Layout
from sweepgd.record import parquet_reader, parts
from sweepgd.record.log import frames
from sweepgd.record.schema import MINIMA, SCHEMAS

SWEEP_REMEDY = "replace this file by a copy, or move it away and run the same sweepgd search, which writes it again"

ORDER = ("trial", "replicate")
MOST_NAMED = 8  # of the results directories in a folder, in a message
# The module that draws results. It is imported when it is needed, because a record knows nothing of reports.
NOTEBOOK = "sweepgd.report.notebook"
# Measures run in parallel and end in any order. The sort is stable, so that rows of the same measure stay in the order of
# recording.
MEASURED_ORDER = ("which", "measure", "rescaling")


@dataclass(frozen=True)
class Minimum:
    """A recorded minimiser. `parameters` is the flat vector in the dtype of training, and `layout` has the shape (tensors,
    COLUMNS). `update` is the number of updates after which the run had these parameters. The fingerprint and preprocessing
    describe the data.
    """

    trial: int
    replicate: int
    which: str
    update: int
    parameters: np.ndarray
    layout: Layout
    data_fingerprint: str | None
    preprocessing: Any


@dataclass(frozen=True)
class Results:
    """The tables of a results directory.

    Each table is read at first use, and sorted by trial and replicate. `curvature` is also sorted by kind of weights, measure
    and rescaling. While a search is running, a table that is read later may contain more trials than a table that was read
    earlier. A notebook shows results as their findings.
    """

    directory: Path

    def _repr_html_(self) -> str:
        return str(resolve_name(f"{NOTEBOOK}:display")(self))

    def chart(
        self,
        name: str,
        *,
        by: str | None = None,
        x: str | None = None,
        target: float | None = None,
        theme: str = "light",
    ) -> Any:
        """Return a chart of the study as an Altair chart, which a notebook draws, and whose `save` writes PNG, SVG or HTML.

        `name` is the name of a figure of `sweepgd analyze --figures`, such as "rate_batch_map". For "loss_curves", `by` is the
        factor with a line for each level ("batch_size", "optimizer", "schedule", "learning_rate" or "trial"), by default the
        first of "batch_size" and "optimizer" that varies, or else "learning_rate". `x` is "epoch", "update" or "seconds". For
        the charts of updates to a target, `target` is a loss or error, by default the goal of the sweep. `theme` is "light" or
        "dark". Raises UsageError for an unknown name or argument, and SweepgdError if the study has no data for the chart.
        """
        return resolve_name(f"{NOTEBOOK}:chart")(self, name, by, x, target, theme)

    @cached_property
    def trials(self) -> pa.Table:
        """One row for each trial and replicate."""
        return self._table("trials")

    @cached_property
    def runs(self) -> pa.Table:
        """The trial and replicate of each row of `trials`."""
        return self._table("trials", columns=list(ORDER))

    @cached_property
    def curves(self) -> pa.Table:
        """One row for each evaluation along a run."""
        return self._table("curves")

    @cached_property
    def minima(self) -> pa.Table:
        """One row for each recorded minimiser. `minimum` returns a single minimiser."""
        return self._table("minima")

    @cached_property
    def minimisers(self) -> pa.Table:
        """The rows of `minima` without the columns of parameters and layouts, which take most of the space."""
        return self._table("minima", columns=[name for name in MINIMA.names if name not in ("parameters", "layout")])

    def minima_of(self, trials: Sequence[int]) -> pa.Table:
        """Return the rows of `minima` that belong to these trials, without loading the other rows."""
        return self._table("minima", pc.field("trial").isin(trials))

    @cached_property
    def curvature(self) -> pa.Table:
        """One row for each curvature measure at a minimiser."""
        return self._table("curvature")

    @cached_property
    def sweep_toml(self) -> str:
        """The sweep as it was run, with all defaults written out."""
        return sweep_toml(self.directory)

    def versions(self) -> dict[str, list[str]]:
        """Return the versions of the record's schema and of the software that wrote its parts, by name. Return {} if there are
        no parts.
        """
        found: dict[str, set[str]] = {}
        for path in self._published_and_logged("trials")[0]:
            for name, version in parquet_reader.versions_of(path).items():
                found.setdefault(name, set()).add(version)
        return {name: sorted(versions) for name, versions in sorted(found.items())}

    def minimum(self, trial: int, replicate: int = 0, which: str = "final") -> Minimum:
        """Return the minimiser of one run. `which` is "final" or "best". Raises SweepgdError if this minimiser was not
        recorded.
        """
        wanted = (pc.field("trial") == trial) & (pc.field("replicate") == replicate) & (pc.field("which") == which)
        table = self._table("minima", wanted)
        if not table.num_rows:
            raise SweepgdError(f"{self.directory} has no {which} minimum of trial {trial}, replicate {replicate}")
        row = table.slice(0, 1)
        values = row.drop_columns(["parameters", "layout", "dtype", "preprocessing"]).to_pylist()[0]
        preprocessing = row["preprocessing"][0].as_py()
        return Minimum(
            **values,
            parameters=row["parameters"][0].values.to_numpy().astype(row["dtype"][0].as_py()),
            layout=np.array(row["layout"][0].as_py(), dtype=np.int64).reshape(-1, COLUMNS),
            preprocessing=None if preprocessing is None else json.loads(preprocessing),
        )

    def model(self, trial: int | None = None, replicate: int | None = None, which: str | None = None) -> Any:
        """Return a trained model, to predict with or to save: the model of the best trial, or of the given `trial`.

        By default, `replicate` is the replicate with the lowest objective, and `which` ("final" or "best") is the kind of
        weights whose losses are in the table `trials`. Raises SweepgdError if these weights are not recorded, or the model
        cannot predict.
        """
        # The module is imported by its name, because a model needs packages on which the record must not depend.
        return resolve_name("sweepgd.serving.recorded_model:recorded_model")(self, trial, replicate, which)

    def _table(self, name: str, wanted: pc.Expression | None = None, columns: list[str] | None = None) -> pa.Table:
        published, logged = self._published_and_logged(name)
        logged_table = parts.table_of(name, logged)
        tables = [parquet_reader.read(path, SCHEMAS[name], columns, wanted) for path in published]
        logged_table = logged_table if wanted is None else logged_table.filter(wanted)
        tables.append(logged_table if columns is None else logged_table.select(columns))
        keys = [(key, "ascending") for key in (*ORDER, *(MEASURED_ORDER if name == "curvature" else ()))]
        return pa.concat_tables(tables).combine_chunks().sort_by(keys)  # sorting combined chunks is 3 times as fast

    def _published_and_logged(self, name: str) -> tuple[list[Path], list[bytes]]:
        """Return the parts of a table, and the log records that are not in a part. Together, these parts and log records hold
        each row once.
        """
        while True:
            published = parts.numbers(parts.folder(self.directory, "trials"), ".parquet")
            waiting = set(parts.numbers(self.directory / "log", ".log")) - set(published)
            try:
                logged = [
                    record for number in sorted(waiting) for record in frames(self.directory / "log" / f"{number:06}.log")
                ]
            except FileNotFoundError:
                continue  # the log was listed and then published
            if parts.numbers(parts.folder(self.directory, "trials"), ".parquet") == published:
                return parts.parts_of(self.directory, name, published), logged


def sweep_toml(directory: Path) -> str:
    """Return the resolved sweep of a results directory. Raises SweepgdError if its file cannot be read."""
    path = directory / "sweep.toml"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SweepgdError(f"{path} cannot be read: {reason(error)}; {SWEEP_REMEDY}") from error


def load(directory: Path | str) -> Results:
    """Return the results in a directory. Raises SweepgdError if `directory` is not a results directory."""
    path = Path(directory)
    if not path.exists():
        here = Path("results") / path
        near = get_close_matches(path.name, [file.parent.name for file in path.parent.glob("*/sweep.toml")], n=1)
        known = here if (here / "sweep.toml").is_file() else path.with_name(near[0]) if near else None
        raise SweepgdError(f"{path} does not exist{f': did you mean {known}?' if known else ''}")
    if not (path / "sweep.toml").is_file() or not parts.folder(path, "trials").is_dir():
        inside = sorted(file.parent for file in path.glob("*/sweep.toml"))
        if inside:
            more = f" and {len(inside) - MOST_NAMED} more" if len(inside) > MOST_NAMED else ""
            named = ", ".join(map(str, inside[:MOST_NAMED]))
            raise SweepgdError(f"{path} is not a results directory, but holds {len(inside)}: {named}{more}; give one of them")
        raise SweepgdError(f"{path} is not a results directory: it must contain sweep.toml and a folder trials")
    return Results(path)
