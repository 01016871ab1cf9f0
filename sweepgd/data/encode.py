"""Imputation and one-hot encoding with scikit-learn's transformers, fitted to the training rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array, Table
from sweepgd.data.raw import shown

BLOCK = 4096  # the number of rows checked at a time, which keeps temporary arrays small


def encoded(
    table: Table, train: Array, validation: Array, strategy: str | None, where: str
) -> tuple[Table, dict[str, Any], tuple[str, ...]]:
    """Return `table` with numeric inputs only, the encoding for the record, and a note for each column that has levels which no
    training row has.

    `train` and `validation` are row numbers. `strategy` is the argument of scikit-learn's SimpleImputer; categories always take
    the most frequent level. Each level in the training rows becomes an input. Each column with missing values in the training
    rows gets an additional input that marks missing values. The test set of the table is encoded in the same way.
    """
    if not table.levels and not any(_has_gaps(each.inputs) for each in (table, table.test) if each is not None):
        return table, {}, ()
    encoder = _Encoder(table, table.inputs[train], strategy, where)
    notes = encoder.unseen(table.inputs[validation], where)
    image = table.image if encoder.features == table.features else None  # indicators of missing values are no pixels
    test = table.test
    if test is not None:
        own = encoder.renumbered(test)
        notes += encoder.unseen(own, f"{where} (test)")
        test = replace(test, inputs=encoder.transform(own), features=encoder.features, levels={}, image=image)
    inputs = encoder.transform(table.inputs)
    table = replace(table, inputs=inputs, features=encoder.features, levels={}, test=test, image=image)
    return table, encoder.described(), notes


def _has_gaps(values: Array) -> bool:
    """Return True if a value is missing (NaN)."""
    if values.dtype.kind != "f":
        return False
    return any(np.isnan(values[start : start + BLOCK]).any() for start in range(0, len(values), BLOCK))


def unseen_levels(where: str, column: str, levels: Sequence[str], rows: int) -> str:
    """Return a note that a column has `levels`, in a number of `rows`, that no training row has."""
    what = f"is {levels[0]!r}" if len(levels) == 1 else f"has {len(levels):,} levels ({shown(list(map(repr, levels)))})"
    return (
        f"{where}: column {column!r} {what} in {rows:,} row{'s' * (rows > 1)} but in no training row: all inputs of this "
        "column are 0 in these rows"
    )


class _Encoder:
    """The transformers, fitted to training rows (n, d) of the columns of `table`."""

    def __init__(self, table: Table, rows: Array, strategy: str | None, where: str) -> None:
        from sklearn.impute import MissingIndicator, SimpleImputer
        from sklearn.preprocessing import OneHotEncoder

        names = table.features
        empty = [names[column] for column in np.flatnonzero(np.isnan(rows).all(axis=0))]
        if empty:
            raise SweepgdError(f"{where}: column {empty[0]!r} is missing in all training rows: remove it with data.exclude")
        self._names, self._levels = names, table.levels
        self._numbers = [index for index, name in enumerate(names) if name not in table.levels]
        self._categories = [index for index, name in enumerate(names) if name in table.levels]
        # With "drop", or without a strategy, no value is missing here, and "mean" changes nothing.
        self._fills = strategy in ("mean", "median", "most_frequent")
        number = strategy if self._fills else "mean"
        self._imputer = SimpleImputer(strategy=number).fit(rows[:, self._numbers]) if self._numbers else None
        self._mode, self._one_hot = SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        if self._categories:
            self._one_hot.fit(self._mode.fit_transform(rows[:, self._categories]))
        self._indicator = MissingIndicator(features="missing-only", error_on_new=False).fit(rows)
        self._incomplete = [names[column] for column in self._indicator.features_]

        # The positions of each column's inputs. They are in the order of the columns, and the indicators of missing values come
        # last.
        seen = dict(zip(self._categories, self._seen(), strict=True))
        self.features: tuple[str, ...] = ()
        self._places: dict[int, list[int]] = {}
        for column, name in enumerate(names):
            own = (name,) if column not in seen else tuple(f"{name}={level}" for level in seen[column])
            self._places[column] = list(range(len(self.features), len(self.features) + len(own)))
            self.features += own
        self._indicators = tuple(f"{name} missing" for name in self._incomplete)
        self.features += self._indicators
        twice = [repr(name) for name, count in Counter(self.features).items() if count > 1]
        if twice:
            raise SweepgdError(
                f"{where}: two inputs would be called {shown(twice)}, because levels and missing values become inputs: rename "
                "a column, or leave one out with data.exclude"
            )

    def _seen(self) -> list[list[str]]:
        """Return the levels of each category that occur in the training rows."""
        if not self._categories:
            return []
        pairs = zip(self._categories, self._one_hot.categories_, strict=True)
        return [[self._levels[self._names[column]][int(code)] for code in codes] for column, codes in pairs]

    def transform(self, values: Array) -> Array:
        """Return the encoded inputs, (n, features), of the columns in `values`, (n, d). NaN marks a missing value."""
        out = np.zeros((len(values), len(self.features)))
        if self._imputer is not None:
            out[:, [place for column in self._numbers for place in self._places[column]]] = self._imputer.transform(
                values[:, self._numbers]
            )
        if self._categories:
            places = [place for column in self._categories for place in self._places[column]]
            out[:, places] = self._one_hot.transform(self._mode.transform(values[:, self._categories])).toarray()
        if self._incomplete:
            out[:, len(self.features) - len(self._incomplete) :] = self._indicator.transform(values)
        return out

    def renumbered(self, test: Table) -> Array:
        """Return the columns of a test set with the level numbers of the training file. New levels get further numbers."""
        values = test.inputs.astype(np.float64)
        for column in self._categories:
            name = self._names[column]
            own = {level: number for number, level in enumerate(self._levels[name])}
            numbers = np.array(
                [own.setdefault(level, len(own)) for level in test.levels.get(name, ())] or [0], dtype=np.float64
            )
            given = ~np.isnan(values[:, column])
            values[given, column] = numbers[values[given, column].astype(np.int64)]
            self._levels = {**self._levels, name: tuple(own)}
        return values

    def unseen(self, values: Array, where: str) -> tuple[str, ...]:
        """Return a note for each column with levels in `values` that no training row has."""
        notes = []
        for column, codes in zip(self._categories, self._one_hot.categories_ if self._categories else (), strict=True):
            name = self._names[column]
            given = values[:, column][~np.isnan(values[:, column])]
            found = np.setdiff1d(given, codes).astype(np.int64).tolist()
            if found:
                rows = int(np.isin(given, found).sum())
                notes.append(unseen_levels(where, name, [self._levels[name][code] for code in found], rows))
        return tuple(notes)

    def described(self) -> dict[str, Any]:
        """Return the encoding for the record, as `Data.preprocessing` describes it."""
        imputed: dict[str, Any] = {}
        if self._fills:
            for column, statistic in zip(self._numbers, self._imputer.statistics_ if self._imputer else (), strict=True):
                imputed[self._names[column]] = float(statistic)
            for column, code in zip(self._categories, self._mode.statistics_ if self._categories else (), strict=True):
                imputed[self._names[column]] = self._levels[self._names[column]][int(code)]
        names = [self._names[column] for column in self._categories]
        done = {"columns": list(self._names), "levels": dict(zip(names, self._seen(), strict=True)), "imputed": imputed}
        return done | {"indicators": list(self._indicators)}
