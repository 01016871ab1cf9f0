"""CSV and Parquet files with a test file, which may have another dialect, other columns or other values."""

import datetime
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from data.file_examples.file_case import KINDS, NUMBERS, ROWS, FileCase, rows, text

HEAD = "a,b,kind\n"
TRAIN = HEAD + rows()
WHOLE = HEAD + "".join(f"{row},{row % 5},{kind}\n" for row, kind in enumerate(KINDS))
SEXED = "sex,a,b,kind\n" + "".join(f"{'fm'[row % 2]},{line}\n" for row, line in enumerate(rows().splitlines()))
FLAGGED = "a,b,kind\n" + "".join(f"{['false', 'true'][row % 2]},2.5,{kind}\n" for row, kind in enumerate(KINDS))
DATED = "a,b,kind\n" + "".join(f"2020-01-{row + 1:02d},2.5,{kind}\n" for row, kind in enumerate(KINDS))
CODED = HEAD + "".join(f"{row},2.5,{row % 2}\n" for row in range(ROWS))
COLUMNS: dict[str, Any] = {"a": NUMBERS[:, 0], "b": NUMBERS[:, 1], "kind": KINDS}
TEST = {"a": [7.0, 8.0], "b": [9.0, 1.0], "kind": ["cat", "ant"]}
DAY = datetime.date(2020, 1, 1)


def both(train: Callable[[Path], object], test: Callable[[Path], object], name: str) -> Callable[[Path], object]:
    """Write a training file, and a test file of that name beside it."""
    return lambda path: (train(path), test(path.with_name(name)))


def csv(what: str, own: str, asked: dict | None = None, train: str = TRAIN, file: str = "t.csv", **expected: Any) -> FileCase:
    return FileCase(what, "d.csv", both(text(train), text(own), file), {"test_path": file} | (asked or {}), **expected)


def parquet(what: str, own: dict, asked: dict | None = None, train: dict | None = None, **expected: Any) -> FileCase:
    tables = (pa.table(COLUMNS | (train or {})), pa.table(own))
    makers = [lambda path, table=table: pq.write_table(table, path) for table in tables]
    return FileCase(what, "d.parquet", both(*makers, "t.parquet"), {"test_path": "t.parquet"} | (asked or {}), **expected)


def packed(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(gzip.compress(content.encode()))


MEAN = float(np.mean(NUMBERS[:, 1]))

READ = [
    csv("test file", HEAD + "7,8,cat\n9,1,ant\n", test=2, first_test=(7, 8)),
    csv("columns in another order", "kind,b,a\ncat,8,7\n", test=1, first_test=(7, 8)),
    csv("a column more", "note,a,b,kind\nfine,7,8,cat\n", test=1, first_test=(7, 8)),
    csv("integers where training has reals", HEAD + "7,8,cat\n1,2,bee\n", test=2, first_test=(7, 8)),
    csv(
        "reals where training has integers", HEAD + "0.5,0.25,cat\n", train=WHOLE, first=(0, 0), test=1, first_test=(0.5, 0.25)
    ),
    csv("a test target of another name", "a,b,label\n7,8,bee\n", {"test_target": "label"}, test=1, first_test=(7, 8)),
    csv(
        "an index in the test file alone",
        ",a,b,kind\n0,7,8,cat\n1,7,8,ant\n",
        test=2,
        first_test=(7, 8),
        notes="t.csv: the first column, which has no name, is an index of the rows",
    ),
    csv(
        "a level that training lacks",
        "sex,a,b,kind\nx,7,8,cat\nm,7,8,ant\n",
        {"categories": "all"},
        SEXED,
        shape=(ROWS, 4),
        first=(1, 0, 0, 0.25),
        test=2,
        first_test=(0, 0, 7, 8),
        notes="column 'sex' is 'x' in 1 row but in no training row: all inputs of this column are 0 in these rows",
    ),
    csv(
        "a level that the test file lacks",
        "sex,a,b,kind\nm,7,8,cat\n",
        {"categories": ["sex"]},
        SEXED,
        shape=(ROWS, 4),
        features=("sex=f", "sex=m", "a", "b"),
        first=(1, 0, 0, 0.25),
        test=1,
        first_test=(0, 1, 7, 8),
    ),
    csv(
        "test rows without a label left out",
        HEAD + "7,8,\n9,1,ant\n1,1,?\n",
        {"missing_target": "drop"},
        test=1,
        first_test=(9, 1),
        notes="t.csv: 2 of 3 rows are left out",
    ),
    csv("a gap in the test file as the mean", HEAD + "7,NA,cat\n", {"missing": "mean"}, test=1, first_test=(7, MEAN)),
    csv("a column of gaps in the test file", HEAD + "7,,cat\n9,,ant\n", {"missing": "mean"}, test=2, first_test=(7, MEAN)),
    csv("truth values as 0 and 1", HEAD + "1,8,cat\n0,8,cat\n", train=FLAGGED, first=(0, 2.5), test=2, first_test=(1, 8)),
    csv("test dates", HEAD + "2020-02-01,8,cat\n", {"dates": "all"}, DATED, first=(18262, 2.5), test=1, first_test=(18293, 8)),
    csv("labels as reals in the test file", HEAD + "7,8,1.0\n", train=CODED, classes=("0", "1"), first=(0, 2.5), test=1),
    csv("one class in the test file", HEAD + "7,8,ant\n9,1,ant\n", test=2),
    csv("a TSV test file of a CSV file", "a\tb\tkind\n7\t8\tcat\n", file="t.tsv", test=1, first_test=(7, 8)),
    csv("a test file without a header", "7,8,cat\n", {"header": False, "target": "c3"}, rows(), test=1, first_test=(7, 8)),
    FileCase(
        "a packed test file",
        "d.csv",
        both(text(TRAIN), packed(HEAD + "7,8,cat\n"), "t.csv.gz"),
        {"test_path": "t.csv.gz"},
        test=1,
        first_test=(7, 8),
    ),
    parquet("test file in Parquet", TEST, test=2, first_test=(7, 9)),
    parquet(
        "columns of Parquet in another order", {name: TEST[name] for name in ("kind", "b", "a")}, test=2, first_test=(7, 9)
    ),
    parquet("small integers", TEST | {"a": pa.array([7, 8], pa.int8())}, test=2, first_test=(7, 9)),
    parquet("a dictionary in the test file", TEST | {"kind": pa.array(["cat", "ant"]).dictionary_encode()}, test=2),
    parquet("a decimal in the test file", TEST | {"b": pa.array([9, 1]).cast(pa.decimal128(21, 2))}, test=2, first_test=(7, 9)),
    parquet(
        "levels of string views in the test file",
        TEST | {"a": pa.array(["bee", "cow"]).cast(pa.string_view())},
        {"categories": "all"},
        {"a": KINDS},
        shape=(ROWS, 4),
        first=(0, 0, 1, 0.25),
        test=2,
        first_test=(0, 1, 0, 9),
        notes="column 'a' is 'cow' in 1 row",
    ),
    parquet(
        "a moment where training has a date",
        TEST | {"a": pa.array([datetime.datetime(2020, 1, 2, 12)] * 2)},
        {"dates": "all"},
        {"a": pa.array([DAY] * ROWS)},
        first=(18262, 0.25),
        test=2,
        first_test=(18263.5, 9),
    ),
    parquet(
        "an index without metadata in the test file",
        {"__index_level_0__": [5, 3]} | TEST,
        test=2,
        first_test=(7, 9),
        notes="t.parquet: column '__index_level_0__' is an index of the rows",
    ),
    parquet("nulls in the test file", TEST | {"b": [None, 1.0]}, {"missing": "mean"}, test=2, first_test=(7, MEAN)),
]

REFUSED = [
    csv("a column less", "a,kind\n7,cat\n", line="t.csv: no column 'b': known: a, kind"),
    csv("no target in the test file", "a,b\n7,8\n", line="t.csv: no column 'kind': known: a, b"),
    csv("an empty test file", "", line="cannot read t.csv: the file is empty"),
    csv("a test file of a header alone", HEAD, line="t.csv: no rows"),
    csv(
        "a class that training lacks",
        HEAD + "7,8,dog\n",
        line="t.csv: column 'kind' has class 'dog', which is not in the training",
    ),
    csv(
        "numbers as test labels", HEAD + "7,8,1\n", line="t.csv: column 'kind' has class '1', which is not in the training file"
    ),
    csv("missing test labels", HEAD + "7,8,cat\n9,1,\n", line="t.csv: column 'kind', row 2 is missing: fill in the value"),
    csv("a test label NA", HEAD + "7,8,NA\n", line="t.csv: column 'kind', row 1 is missing"),
    csv("a gap in the test file", HEAD + "7,8,cat\n9,,ant\n", line="t.csv: column 'b', row 2 is missing: fill in a value"),
    csv("infinity in the test file", HEAD + "7,inf,cat\n", line="t.csv: column 'b', row 1 is inf"),
    csv("words in the test file", HEAD + "7,8,cat\nnine,1,ant\n", line="t.csv: column 'a', row 2 is 'nine', not a number"),
    csv(
        "words where training has numbers, categories all",
        HEAD + "nine,1,ant\n",
        {"categories": "all"},
        line="t.csv: column 'a', row 1 is 'nine', not a number",
    ),
    csv(
        "dates where training has numbers",
        HEAD + "2020-01-01,1,ant\n",
        {"dates": "all"},
        line="t.csv: column 'a', row 1 is '2020-01-01', not a number",
    ),
    csv("no header in the test file", "7,8,cat\n9,1,ant\n", line="t.csv: its first line looks like data (7, 8, cat)"),
    csv("a ragged test row", HEAD + "7,8\n", line="cannot read t.csv: CSV parse error: Expected 3 columns, got 2"),
    csv("two names in the test file", "a,b,b,kind\n7,8,8,cat\n", line="t.csv: two columns are called 'b'"),
    csv("a test file of another format", TRAIN, file="t.npz", line="data.test_path t.npz has another format than d.csv"),
    csv("the training file as test file", TRAIN, file="d.csv", line="data.test_path is the training file itself"),
    csv("a test target that is not there", TRAIN, {"test_target": "label"}, line="t.csv: no column 'label'"),
    csv("plain text called .gz", TRAIN, file="t.csv.gz", line="cannot read t.csv.gz: "),
    FileCase("no test file", "d.csv", text(TRAIN), {"test_path": "t.csv"}, line="no such file: t.csv"),
    parquet("a column less in Parquet", {name: TEST[name] for name in ("a", "kind")}, line="t.parquet: no column 'b'"),
    parquet("a test file of no rows", {name: cells[:0] for name, cells in COLUMNS.items()}, line="t.parquet: no rows"),
    parquet("a class more in Parquet", TEST | {"kind": ["cat", "dog"]}, line="t.parquet: column 'kind' has class 'dog'"),
    parquet("nulls among test labels", TEST | {"kind": ["cat", None]}, line="t.parquet: column 'kind', row 2 is missing"),
    parquet("nulls among test inputs", TEST | {"a": [None, 1.0]}, line="t.parquet: column 'a', row 1 is missing"),
    parquet("numbers as text in the test file", TEST | {"a": ["7", "8"]}, line="t.parquet: column 'a' holds numbers as text"),
    parquet("lists in the test file", TEST | {"a": [[7.0], [8.0]]}, line="t.parquet: column 'a' holds list<"),
    parquet(
        "dates in the test file", TEST | {"a": [DAY, DAY]}, line="t.parquet: column 'a', row 1 is '2020-01-01', not a number"
    ),
]
