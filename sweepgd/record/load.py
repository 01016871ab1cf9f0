"""A result directory as Arrow tables: what is published, and what is durable but not yet."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.layout import COLUMNS, Layout
from sweepgd.problem import Problem, reason
from sweepgd.record import parts, reading
from sweepgd.record.log import frames
from sweepgd.record.schema import MINIMA, SCHEMAS

SWEEP_REMEDY = "put a copy in its place, or move it away, and the same sweepgd search writes it again"

ORDER = ("trial", "replicate")
# Measures are taken side by side, and end in any order. The sort is stable: of one measure, rows stay as they were recorded.
MEASURED_ORDER = ("which", "measure", "rescaling")


@dataclass(frozen=True)
class Minimum:
    """A recorded minimiser: the flat `parameters` in the dtype of their training, `layout` of shape (tensors, COLUMNS),
    the `update` that reached them, and what identifies and prepared the data."""

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
    """The tables of a result directory, each read when it is first asked for, in order of trial and replicate; `curvature`
    then in order of which weights, measure and rescaling.

    While a sweep is running, a table asked for later may know more trials than one asked for before.
    """

    directory: Path

    @cached_property
    def trials(self) -> pa.Table:
        """A row a trial and replicate."""
        return self._table("trials")

    @cached_property
    def runs(self) -> pa.Table:
        """The trial and replicate of each row of `trials`."""
        return self._table("trials", columns=list(ORDER))

    @cached_property
    def curves(self) -> pa.Table:
        """A row a point of a learning curve."""
        return self._table("curves")

    @cached_property
    def minima(self) -> pa.Table:
        """A row a recorded minimiser; `minimum` reads a single one."""
        return self._table("minima")

    @cached_property
    def minimisers(self) -> pa.Table:
        """The rows of `minima` without parameters and layouts, which are most of it."""
        return self._table("minima", columns=[name for name in MINIMA.names if name not in ("parameters", "layout")])

    def minima_of(self, trials: Sequence[int]) -> pa.Table:
        """The rows of `minima` of these trials, the others never in memory."""
        return self._table("minima", pc.field("trial").isin(trials))

    @cached_property
    def curvature(self) -> pa.Table:
        """A row a measure of curvature at a minimiser."""
        return self._table("curvature")

    @cached_property
    def sweep_toml(self) -> str:
        """The sweep as it was run, everything resolved."""
        return sweep_toml(self.directory)

    def minimum(self, trial: int, replicate: int = 0, which: str = "final") -> Minimum:
        """The minimiser of one run, `which` final or best. Raises Problem where it was not recorded."""
        wanted = (pc.field("trial") == trial) & (pc.field("replicate") == replicate) & (pc.field("which") == which)
        table = self._table("minima", wanted)
        if not table.num_rows:
            raise Problem(f"{self.directory} holds no {which} minimum of trial {trial}, replicate {replicate}")
        row = table.slice(0, 1)
        values = row.drop_columns(["parameters", "layout", "dtype", "preprocessing"]).to_pylist()[0]
        preprocessing = row["preprocessing"][0].as_py()
        return Minimum(
            **values,
            parameters=row["parameters"][0].values.to_numpy().astype(row["dtype"][0].as_py()),
            layout=np.array(row["layout"][0].as_py(), dtype=np.int64).reshape(-1, COLUMNS),
            preprocessing=None if preprocessing is None else json.loads(preprocessing),
        )

    def _table(self, name: str, wanted: pc.Expression | None = None, columns: list[str] | None = None) -> pa.Table:
        published, logged = self._published_and_logged(name)
        logged_table = parts.table_of(name, logged)
        tables = [reading.read(path, SCHEMAS[name], columns, wanted) for path in published]
        logged_table = logged_table if wanted is None else logged_table.filter(wanted)
        tables.append(logged_table if columns is None else logged_table.select(columns))
        keys = [(key, "ascending") for key in (*ORDER, *(MEASURED_ORDER if name == "curvature" else ()))]
        return pa.concat_tables(tables).combine_chunks().sort_by(keys)  # three times as fast as with a chunk a part

    def _published_and_logged(self, name: str) -> tuple[list[Path], list[bytes]]:
        """The parts of a table and the log records not among them, as they were at one moment."""
        while True:
            published = parts.numbers(parts.folder(self.directory, "trials"), ".parquet")
            waiting = set(parts.numbers(self.directory / "log", ".log")) - set(published)
            try:
                logged = [
                    record for number in sorted(waiting) for record in frames(self.directory / "log" / f"{number:06}.log")
                ]
            except FileNotFoundError:
                continue  # published since it was listed
            if parts.numbers(parts.folder(self.directory, "trials"), ".parquet") == published:
                return parts.parts_of(self.directory, name, published), logged


def sweep_toml(directory: Path) -> str:
    """The resolved sweep of a result directory. Raises Problem where it cannot be read."""
    path = directory / "sweep.toml"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read: {reason(error)}; {SWEEP_REMEDY}") from error


def load(directory: Path | str) -> Results:
    """The results in a directory. Raises Problem where it is no result directory."""
    path = Path(directory)
    if not path.exists():
        named = Path("results") / path
        hint = f": did you mean {named}?" if (named / "sweep.toml").is_file() else ""
        raise Problem(f"{path} does not exist{hint}")
    if not (path / "sweep.toml").is_file() or not parts.folder(path, "trials").is_dir():
        raise Problem(f"{path} is no result directory: it has no sweep.toml beside a folder trials")
    return Results(path)
