"""CSV and TSV files in the dialects of spreadsheets, pandas, R, UCI and old machines."""

import gzip

from data.file_examples.file_case import KINDS, NUMBERS, ROWS, FileCase, rows, text

HEAD = "a,b,kind\n"
SEMI = {"separator": ";", "decimal": ","}
INDEXED = ",a,b,kind\n" + "".join(f"{row},{line}\n" for row, line in enumerate(rows().splitlines()))
DATED = "when,a,b,kind\n" + "".join(f"2020-01-{row + 1:02d},{line}\n" for row, line in enumerate(rows().splitlines()))
SEXES = [["f", "m", ""][row % 3] for row in range(ROWS)]
SEXED = "sex,a,b,kind\n" + "".join(f"{sex},{line}\n" for sex, line in zip(SEXES, rows().splitlines(), strict=True))
FLAGGED = "on,a,b,kind\n" + "".join(f"{['true', 'false'][n % 2]},{line}\n" for n, line in enumerate(rows().splitlines()))
SHORT = {"features": ("a", "b")}


def labels(*texts: str) -> str:
    """Return the common table with these labels in turn."""
    return HEAD + rows(kinds=[texts[row % len(texts)] for row in range(ROWS)])


def gap(where: int, value: str) -> str:
    """Return the common table with another value in row `where` of column b."""
    lines = rows().splitlines()
    a, _, kind = lines[where].split(",")
    lines[where] = f"{a},{value},{kind}"
    return HEAD + "\n".join(lines) + "\n"


READ = [
    FileCase("plain", "d.csv", text(HEAD + rows()), **SHORT),
    FileCase("no line end at the end", "d.csv", text((HEAD + rows()).rstrip())),
    FileCase("Windows line ends", "d.csv", text(HEAD.replace("\n", "\r\n") + rows(end="\r\n"))),
    FileCase("old Mac line ends", "d.csv", text(HEAD.replace("\n", "\r") + rows(end="\r"))),
    FileCase("mixed line ends", "d.csv", text(HEAD + rows().replace("\n", "\r\n", 4))),
    FileCase("byte-order mark", "d.csv", text("\ufeff" + HEAD + rows()), **SHORT),
    FileCase("blank lines", "d.csv", text("\n" + HEAD + "\n" + rows() + "\n\n")),
    FileCase("blanks after commas", "d.csv", text("a, b, kind\n" + rows(separator=", ")), **SHORT),
    FileCase(
        "quoted",
        "d.csv",
        text('"a","b","kind"\n' + "".join(f'"{x:g}","{y:g}","{k}"\n' for (x, y), k in zip(NUMBERS, KINDS, strict=True))),
    ),
    FileCase("a line end in a header", "d.csv", text('a,"b\nin cm",kind\n' + rows()), features=("a", "b\nin cm")),
    FileCase("a comma in labels", "d.csv", text(labels('"x,1"', '"y"')), classes=("x,1", "y")),
    FileCase("a line end in labels", "d.csv", text(labels('"x\n1"', '"y"')), classes=("x\n1", "y")),
    FileCase("Latin-1", "d.csv", text(labels("sétosa", "b"), "latin-1"), {"encoding": "latin-1"}, classes=("b", "sétosa")),
    FileCase("UTF-16", "d.csv", text(labels("sétosa", "b"), "utf-16"), {"encoding": "utf-16"}, classes=("b", "sétosa")),
    FileCase("semicolons and decimal commas", "d.csv", text("a;b;kind\n" + rows(";", ",")), SEMI),
    FileCase("semicolons", "d.csv", text("a;b;kind\n" + rows(";")), {"separator": ";"}),
    FileCase("bars", "d.csv", text("a|b|kind\n" + rows("|")), {"separator": "|"}),
    FileCase("tabs", "d.tsv", text("a\tb\tkind\n" + rows("\t"))),
    FileCase("tabs and decimal commas", "d.tsv", text("a\tb\tkind\n" + rows("\t", ",")), {"decimal": ","}),
    FileCase("tabs in .csv", "d.csv", text("a\tb\tkind\n" + rows("\t")), {"separator": "\t"}),
    FileCase("gzip", "d.csv.gz", lambda path: path.write_bytes(gzip.compress((HEAD + rows()).encode()))),
    FileCase(
        "two gzip members",
        "d.csv.gz",
        lambda path: path.write_bytes(gzip.compress(HEAD.encode()) + gzip.compress(rows().encode())),
    ),
    FileCase("without a header", "d.csv", text(rows()), {"header": False, "target": "c3"}, features=("c1", "c2")),
    FileCase("years as names", "d.csv", text("1990,1991,kind\n" + rows()), {"header": True}, features=("1990", "1991")),
    FileCase(
        "pandas' own names",
        "d.csv",
        text("0,1,2,3\n" + "".join(f"1,{line}\n" for line in rows().splitlines())),
        {"target": "3"},
        (ROWS, 3),
        first=(1, 0, 0.25),
    ),
    FileCase(
        "pandas' own names and index",
        "d.csv",
        text(INDEXED.replace(",a,b,", ",0,1,", 1)),
        features=("0", "1"),
        notes="the first column, which has no name, is an index of the rows",
    ),
    FileCase(
        "one of pandas' own names and its index",
        "d.csv",
        text(",0,kind\n" + "".join(f"{row},{row},{kind}\n" for row, kind in enumerate(KINDS))),
        shape=(ROWS, 1),
        features=("0",),
        first=(0,),
        notes="is an index of the rows",
    ),
    FileCase(
        "an index that pandas named",
        "d.csv",
        text("__index_level_0__" + INDEXED),
        **SHORT,
        notes="'__index_level_0__' is an index",
    ),
    FileCase(
        "pandas' index", "d.csv", text(INDEXED), **SHORT, notes="the first column, which has no name, is an index of the rows"
    ),
    FileCase("R's row names", "d.csv", text(INDEXED.replace(",a,", '"",a,', 1)), **SHORT, notes="is an index of the rows"),
    FileCase(
        "an index read and written again", "d.csv", text("Unnamed: 0" + INDEXED), **SHORT, notes="'Unnamed: 0' is an index"
    ),
    FileCase(
        "separators at the ends of lines",
        "d.csv",
        text("a,b,kind,\n" + rows(end=",\n")),
        **SHORT,
        notes="column 'column 4' is an index",
    ),
    FileCase(
        "whole numbers, then reals",
        "d.csv",
        text("a,b,kind\n" + "".join(f"{n},{n if n < 9 else n + 0.5},{'xy'[n % 2]}\n" for n in range(ROWS))),
        classes=("x", "y"),
        first=(0, 0),
    ),
    FileCase("scientific notation", "d.csv", text(gap(0, "2.5e-1"))),
    FileCase("labels that are numbers", "d.csv", text(labels("10", "9")), classes=("9", "10")),
    FileCase("labels as reals", "d.csv", text(labels("1.0", "2.0")), classes=("1", "2")),
    FileCase("labels true and false", "d.csv", text(labels("true", "false")), classes=("False", "True")),
    FileCase("labels with blanks", "d.csv", text(labels(" x", "x ", "y")), classes=("x", "y")),
    FileCase("NA as a class", "d.csv", text(labels("NA", "b")), {"missing_values": []}, classes=("NA", "b")),
    FileCase(
        "rows without a label left out",
        "d.csv",
        text(labels("NA", "a", "b")),
        {"missing_target": "drop"},
        (8, 2),
        ("a", "b"),
        first=(0.5, 2.25),
        notes="4 of 12 rows are left out",
    ),
    FileCase(
        "rows with a gap left out", "d.csv", text(gap(3, "?")), {"missing": "drop"}, (11, 2), notes="1 of 12 rows are left out"
    ),
    FileCase(
        "a gap as the mean",
        "d.csv",
        text(gap(3, " NA")),
        {"missing": "mean"},
        (ROWS, 3),
        features=("a", "b", "b missing"),
        first=(0, 0.25, 0),
    ),
    FileCase(
        "a number for a gap, written otherwise",
        "d.csv",
        text(gap(3, "-999.0")),
        {"missing": "mean", "missing_values": ["-999"]},
        (ROWS, 3),
        features=("a", "b", "b missing"),
        first=(0, 0.25, 0),
    ),
    FileCase(
        "a number for a gap, with decimal commas",
        "d.csv",
        text(gap(3, "-9.990").replace(",", ";").replace(".", ",")),
        SEMI | {"missing": "drop", "missing_values": ["-9,99"]},
        (11, 2),
        notes="1 of 12 rows are left out",
    ),
    FileCase(
        "numbers as categories, one of them a gap",
        "d.csv",
        text(HEAD + rows()),
        {"categories": ["b"], "missing": "most_frequent", "missing_values": ["0.25"]},
        (ROWS, 6),
        features=("a", "b=1.25", "b=2.25", "b=3.25", "b=4.25", "b missing"),
        first=(0, 0, 1, 0, 0, 1),
    ),
    FileCase("truth values", "d.csv", text(FLAGGED), shape=(ROWS, 3), first=(1, 0, 0.25)),
    FileCase("dates in days", "d.csv", text(DATED), {"dates": "all"}, (ROWS, 3), first=(18262, 0, 0.25)),
    FileCase("a date left out", "d.csv", text(DATED), {"exclude": "when"}, **SHORT),
    FileCase(
        "a category",
        "d.csv",
        text(SEXED.replace("\n,", "\nd,")),
        {"categories": "all"},
        (ROWS, 5),
        features=("sex=d", "sex=f", "sex=m", "a", "b"),
        first=(0, 1, 0, 0, 0.25),
    ),
    FileCase(
        "a category with gaps",
        "d.csv",
        text(SEXED),
        {"categories": ["sex"], "missing": "median"},
        (ROWS, 5),
        features=("sex=f", "sex=m", "a", "b", "sex missing"),
        first=(1, 0, 0, 0.25, 0),
    ),
    FileCase(
        "numbers as categories",
        "d.csv",
        text(HEAD + rows()),
        {"categories": ["b"]},
        (ROWS, 6),
        features=("a", "b=0.25", "b=1.25", "b=2.25", "b=3.25", "b=4.25"),
        first=(0, 1, 0, 0, 0, 0),
    ),
]
