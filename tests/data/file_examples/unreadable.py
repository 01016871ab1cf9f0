"""CSV files that are refused: another dialect than is said, gaps, words among numbers, and what is no CSV at all."""

import bz2
import gzip

from data.file_examples.delimited import DATED, HEAD, SEXED, gap, labels
from data.file_examples.file_case import KINDS, FileCase, rows, text


def lines(*which: tuple[str, str, dict, str]) -> list[FileCase]:
    return [FileCase(name, "d.csv", text(content), asked, line=line) for name, content, asked, line in which]


REFUSED = [
    *lines(
        ("empty", "", {}, "the file is empty"),
        ("header alone", HEAD, {}, "no rows"),
        ("semicolons unsaid", "a;b;kind\n" + rows(";"), {}, 'separator is ";", set data.separator = ";"'),
        ("tabs unsaid", "a\tb\tkind\n" + rows("\t"), {}, r'separator is "\t", set data.separator'),
        (
            "decimal commas unsaid",
            "a;b;kind\n" + rows(";", ","),
            {"separator": ";"},
            'for decimal commas, set data.decimal = ","',
        ),
        ("no header", rows(), {"target": "cat"}, "its first line looks like data (0, 0.25, cat), not like names"),
        (
            "no header, digits",
            "8,0,1\n" * 9,
            {"target": "8"},
            "looks like data (8, 0, 1), not like names: set data.header = false",
        ),
        ("two names", "a,a,kind\n" + rows(), {}, "two columns are called 'a': rename one"),
        ("no header, and a gap", ",0,1,cat\n" + "".join(f",{line}\n" for line in rows().splitlines()), {}, "looks like data"),
        (
            "a level called as a column",
            SEXED.replace("sex,a", "sex,sex=f", 1).replace("\n,", "\nd,"),
            {"categories": "all"},
            "two inputs would be called 'sex=f'",
        ),
        (
            "an indicator called as a column",
            gap(3, "").replace("a,b", "b missing,b", 1),
            {"missing": "mean"},
            "two inputs would be called 'b missing', because levels and missing values become inputs: rename",
        ),
        (
            "decimal commas beside commas",
            "a,kind\n" + "".join(f"{row},5,{kind}\n" for row, kind in enumerate(KINDS)),
            {},
            "Expected 2 columns, got 3: 0,5,cat; if these are decimal commas, each of them splits a number in two: save the "
            "file with",
        ),
        ("a comma in a text", HEAD + rows() + "1,2,cat,grey\n", {}, "put text that contains ',' in quotes"),
        (
            "a comma in a text alone",
            "kind,a\nx,y,1\nz,1\n",
            {},
            "Expected 2 columns, got 3: x,y,1; put text that contains ',' in",
        ),
        ("numbers too many", HEAD + rows() + "1.5,2.5,3.5,4.5\n", {}, "give each row as many numbers as there are columns"),
        (
            "a number as a missing label",
            labels("1", "-1.0", "0"),
            {"missing_values": ["-1"]},
            "column 'kind', row 2 is missing",
        ),
        ("a column without a name", "a,,kind\n" + rows(), {}, "column 2 has no name"),
        ("Latin-1 unsaid", "x", {}, "no column 'kind': known: x"),
        ("a ragged row", HEAD + rows() + "1,2\n", {}, "Expected 3 columns, got 2"),
        ("missing labels", labels("NA", "b", "c"), {}, "column 'kind', row 1 is missing, and 3 more"),
        ("NA beside a spelling", labels("NA", "b", "c"), {"missing_values": ["-999"]}, "row 1 is missing, and 3 more"),
        ("labels ?", labels("b", "?"), {}, "column 'kind', row 2 is missing"),
        ("labels .", labels("b", "c", "."), {}, "column 'kind', row 3 is missing"),
        ("labels nan among numbers", labels("1", "nan", "0"), {}, "column 'kind', row 2 is missing"),
        ("labels NULL", labels("b", "c", "NULL"), {}, "column 'kind', row 3 is missing"),
        ("labels None", labels("b", "c", "None"), {}, "column 'kind', row 3 is missing"),
        ("a gap", gap(4, ""), {}, "column 'b', row 5 is missing: fill in a value"),
        ("infinity", gap(4, "-inf"), {}, "column 'b', row 5 is -inf: correct the value"),
        ("words among numbers", gap(4, "four"), {}, "column 'b', row 5 is 'four', not a number"),
        ("dates", DATED, {}, "column 'when', row 1 is '2020-01-01', not a number: name the column in data.dates"),
        (
            "dates of another order",
            DATED.replace("2020-01-01", "01/02/2020"),
            {"dates": ["when"]},
            "row 1 is '01/02/2020', not a date",
        ),
        ("text", SEXED, {}, "column 'sex', row 1 is 'f', not a number, and 7 more: fix the cell, name the column in data.cat"),
        (
            "a price as classes",
            HEAD + "".join(f"1,2,{900 + row}\n" for row in range(40)),
            {},
            "would have 40 classes in 40 rows: if it is a quantity,",
        ),
        ("reals as classes", labels("1.5", "2"), {}, "row 1 is 1.5: classes are whole numbers or text"),
        ("one class", labels("x"), {}, "every row is of class 'x'"),
        (
            "two faults at once",
            SEXED.replace("0.25", "x"),
            {},
            "column 'sex', row 1 is 'f', not a number, and 7 more; column 'b', row 1 is 'x', not a number, and 2 more: ",
        ),
    ),
    FileCase(
        "Latin-1 as UTF-8", "d.csv", text(labels("sétosa", "b"), "latin-1"), line="line 2 is not UTF-8 text: set data.encoding"
    ),
    FileCase("UTF-16 as UTF-8", "d.csv", text(HEAD + rows(), "utf-16"), line='holds UTF-16 text: set data.encoding = "utf-16"'),
    FileCase(
        "gzip without .gz",
        "d.csv",
        lambda path: path.write_bytes(gzip.compress(rows().encode())),
        line="holds gzip: add .gz to its name",
    ),
    FileCase("bzip2", "d.csv", lambda path: path.write_bytes(bz2.compress(rows().encode())), line="holds bzip2: unpack it"),
    FileCase("a web page", "d.csv", text("<!DOCTYPE html>\n<html>"), line="holds a web page: download the file itself"),
    FileCase("a pointer", "d.csv", text("version https://git-lfs.github.com/spec/v1\n"), line="holds a Git LFS pointer"),
    FileCase(
        "a sheet",
        "d.csv",
        lambda path: path.write_bytes(b"PK\3\4" + bytes(40)),
        line="holds a ZIP archive: unpack it, or save an Excel sheet as CSV",
    ),
    FileCase(
        "gzip cut short", "d.csv.gz", lambda path: path.write_bytes(gzip.compress(rows().encode())[:-9]), line="cannot read "
    ),
    FileCase("no gzip", "d.csv.gz", text(HEAD + rows()), line="cannot read "),
    FileCase("zeros", "d.csv", lambda path: path.write_bytes(bytes(999)), line="no column 'kind'"),
]
