"""Missing values and categories as numbers, by what the training rows show; scikit-learn's transformers do it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from sweepgd.data.contract import Array, Table
from sweepgd.data.raw import shown
from sweepgd.problem import Problem

BLOCK = 4096  # rows looked at a time


def encoded(
    table: Table, train: Array, validation: Array, strategy: str | None, where: str
) -> tuple[Table, dict[str, Any], tuple[str, ...]]:
    """`table`, and its test set, with numbers alone; what was done, for the record; and a line for what training rows lack.

    `strategy` is that of scikit-learn's SimpleImputer; a category takes the most frequent level. Each level of a category that
    the training rows have becomes an input, and so does "was missing" for each column that lacks values there.
    """
    if not table.levels and not any(_has_gaps(each.inputs) for each in (table, table.test) if each is not None):
        return table, {}, ()
    encoder = _Encoder(table, table.inputs[train], strategy, where)
    notes = encoder.unseen(table.inputs[validation], where)
    test = table.test
    if test is not None:
        own = encoder.renumbered(test)
        notes += encoder.unseen(own, f"{where} (test)")
        test = replace(test, inputs=encoder.transform(own), features=encoder.features, levels={})
    inputs = encoder.transform(table.inputs)
    return replace(table, inputs=inputs, features=encoder.features, levels={}, test=test), encoder.described(), notes


def _has_gaps(values: Array) -> bool:
    """Whether a value is missing."""
    if values.dtype.kind != "f":
        return False
    return any(np.isnan(values[start : start + BLOCK]).any() for start in range(0, len(values), BLOCK))


class _Encoder:
    """The transformers, fitted to training rows (n, d) of the columns of `table`."""

    def __init__(self, table: Table, rows: Array, strategy: str | None, where: str) -> None:
        from sklearn.impute import MissingIndicator, SimpleImputer
        from sklearn.preprocessing import OneHotEncoder

        names = table.features
        empty = [names[column] for column in np.flatnonzero(np.isnan(rows).all(axis=0))]
        if empty:
            raise Problem(f"{where}: column {empty[0]!r} is missing in all training rows: leave it out with data.exclude")
        self._names, self._levels = names, table.levels
        self._numbers = [index for index, name in enumerate(names) if name not in table.levels]
        self._categories = [index for index, name in enumerate(names) if name in table.levels]
        # Without a strategy nothing is missing, and any of them leaves the numbers as they are.
        number = strategy if strategy in ("mean", "median", "most_frequent") else "mean"
        self._imputer = SimpleImputer(strategy=number).fit(rows[:, self._numbers]) if self._numbers else None
        self._mode, self._one_hot = SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        if self._categories:
            self._one_hot.fit(self._mode.fit_transform(rows[:, self._categories]))
        self._indicator = MissingIndicator(features="missing-only", error_on_new=False).fit(rows)
        self._lacking = [names[column] for column in self._indicator.features_]

        # Where the inputs of each column go: in the order of the columns, and those that tell what was missing at the end.
        seen = dict(zip(self._categories, self._seen(), strict=True))
        self.features: tuple[str, ...] = ()
        self._places: dict[int, list[int]] = {}
        for column, name in enumerate(names):
            own = (name,) if column not in seen else tuple(f"{name}={level}" for level in seen[column])
            self._places[column] = list(range(len(self.features), len(self.features) + len(own)))
            self.features += own
        self._gap_names = tuple(f"{name} missing" for name in self._lacking)
        self.features += self._gap_names
        twice = [repr(name) for name, count in Counter(self.features).items() if count > 1]
        if twice:
            raise Problem(
                f"{where}: two inputs would be called {shown(twice)}, one of them made of a category's level or of what was"
                " missing: rename a column, or leave one out with data.exclude"
            )

    def _seen(self) -> list[list[str]]:
        """The levels of each category that the training rows have."""
        if not self._categories:
            return []
        pairs = zip(self._categories, self._one_hot.categories_, strict=True)
        return [[self._levels[self._names[column]][int(code)] for code in codes] for column, codes in pairs]

    def transform(self, values: Array) -> Array:
        """Columns (n, d), in which NaN is missing, as inputs (n, features)."""
        out = np.zeros((len(values), len(self.features)))
        if self._imputer is not None:
            out[:, [place for column in self._numbers for place in self._places[column]]] = self._imputer.transform(
                values[:, self._numbers]
            )
        if self._categories:
            places = [place for column in self._categories for place in self._places[column]]
            out[:, places] = self._one_hot.transform(self._mode.transform(values[:, self._categories])).toarray()
        if self._lacking:
            out[:, len(self.features) - len(self._lacking) :] = self._indicator.transform(values)
        return out

    def renumbered(self, test: Table) -> Array:
        """The columns of a test set with the level numbers of the training file; levels that it lacks are behind its own."""
        values = test.inputs.astype(np.float64)
        for column in self._categories:
            name = self._names[column]
            own = {level: number for number, level in enumerate(self._levels[name])}
            numbers = np.array(
                [own.setdefault(level, len(own)) for level in test.levels.get(name, ())] or [0], dtype=np.float64
            )
            there = ~np.isnan(values[:, column])
            values[there, column] = numbers[values[there, column].astype(np.int64)]
            self._levels = {**self._levels, name: tuple(own)}
        return values

    def unseen(self, values: Array, where: str) -> tuple[str, ...]:
        """A line for each level that no training row has."""
        notes = []
        for column, codes in zip(self._categories, self._one_hot.categories_ if self._categories else (), strict=True):
            name = self._names[column]
            for code in np.setdiff1d(values[:, column][~np.isnan(values[:, column])], codes).tolist():
                rows = int((values[:, column] == code).sum())
                level = self._levels[name][int(code)]
                notes.append(
                    f"{where}: column {name!r} is {level!r} in {rows} row{'s' * (rows > 1)} and in no training row: all its"
                    " inputs are 0 there"
                )
        return tuple(notes)

    def described(self) -> dict[str, Any]:
        """What was done, for the record."""
        imputed: dict[str, Any] = {}
        for column, statistic in zip(self._numbers, self._imputer.statistics_ if self._imputer else (), strict=True):
            if self._names[column] in self._lacking:
                imputed[self._names[column]] = float(statistic)
        for column, code in zip(self._categories, self._mode.statistics_ if self._categories else (), strict=True):
            if self._names[column] in self._lacking:
                imputed[self._names[column]] = self._levels[self._names[column]][int(code)]
        names = [self._names[column] for column in self._categories]
        done = {"columns": list(self._names), "levels": dict(zip(names, self._seen(), strict=True)), "imputed": imputed}
        return done | {"indicators": list(self._gap_names)}
