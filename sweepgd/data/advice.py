"""Advice on how to correct a file of columns. In the training of a sweep, keys of `[data]` may help; for the new rows of a
trained model, only the file can be corrected.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnAdvice:
    """The advice for a column that should hold numbers. It holds text, times, numbers as text, or something else."""

    text: str
    time: str
    numbers_as_text: str
    otherwise: str


@dataclass(frozen=True)
class Advice:
    """The ends of messages about a file.

    `utf_8` and `encoding` are for text that is not in UTF-8 or in the given encoding, `no_names` for a first line that looks
    like data, `no_name` for a column without a name, `decimal_comma` for numbers such as 1,5, `split_numbers` for decimal
    commas in a file that is separated by commas, and `levels` for a category with too many levels. `formats` has the advice for
    a file of another format than its name says, by the description of its content.
    """

    utf_8: str
    encoding: str
    no_names: str
    no_name: str
    decimal_comma: str
    split_numbers: str
    levels: str
    inputs: ColumnAdvice
    targets: ColumnAdvice
    formats: Mapping[str, str]


_EXCLUDE_IT = "leave it out with data.exclude"
FOR_SWEEP = Advice(
    utf_8='set data.encoding, such as "latin-1" or "cp1252"',
    encoding='set data.encoding to the encoding of the file, such as "utf-8"',
    no_names="set data.header = false to name the columns c1, c2, …, or data.header = true if these are names",
    no_name="add a name to the first line, or set data.header = false",
    decimal_comma='for decimal commas, set data.decimal = ","',
    split_numbers='save the file with another separator, and set for example data.separator = ";" and data.decimal = ","',
    levels=_EXCLUDE_IT,
    inputs=ColumnAdvice(
        f"fix the cell, name the column in data.categories, or {_EXCLUDE_IT}",
        f"name the column in data.dates, or {_EXCLUDE_IT}",
        f"save them as numbers, name the column in data.categories, or {_EXCLUDE_IT}",
        _EXCLUDE_IT,
    ),
    targets=ColumnAdvice(
        'fix the cell, set data.task = "classification", or give another data.target',
        "give another data.target",
        "save them as numbers, or give another data.target",
        "give another data.target",
    ),
    formats={"UTF-16 text": 'set data.encoding = "utf-16"', "a single NumPy array": "save inputs and target with numpy.savez"},
)

_SAVE_IT = "save the column as in the training file"
FOR_NEW_ROWS = Advice(
    utf_8="save the file as UTF-8",
    encoding="save the file in the encoding of the training file",
    no_names="add a first line with the names of the columns",
    no_name="add a name to the first line",
    decimal_comma="write decimal points, as in the training file",
    split_numbers="write decimal points, as in the training file",
    levels=_SAVE_IT,
    inputs=ColumnAdvice(
        "write a number, as in the training file",
        "write numbers, as in the training file",
        "save them as numbers",
        _SAVE_IT,
    ),
    targets=ColumnAdvice(
        "write a number, or leave out the column",
        "write numbers, or leave out the column",
        "save them as numbers, or leave out the column",
        "leave out the column",
    ),
    formats={
        "UTF-16 text": "save the file as UTF-8",
        "a single NumPy array": "give a CSV, TSV or Parquet file; in Python, sweepgd.Model.load(FILE).predict takes arrays",
    },
)
