"""CSV and TSV files: dialect, header, and columns read block by block."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv

from sweepgd.core.errors import SweepgdError
from sweepgd.data.advice import FOR_SWEEP, Advice
from sweepgd.data.column_source import MOST_COLUMNS, Source, Types
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.formats import is_packed, is_tabbed
from sweepgd.data.header import column_names, is_number
from sweepgd.data.table_checks import reading
from sweepgd.data.type_inference import MOST_BLOCK_BYTES, inferred, wider

# The number of bytes of a file that are searched for the header and for sample rows.
HEAD_BYTES, SAMPLE_ROWS = 1 << 24, 100
# From this number of columns on, markers of missing values with blanks around them are not recognised.
PADDED_COLUMNS = 10_000
# Arrow infers types from the first block and holds a few blocks in memory.
BLOCK_BYTES, READ_BYTES = 1 << 24, 1 << 22


class Extent(NamedTuple):
    """The size of an unpacked file: an upper bound on its rows, its longest line in bytes, and whether it has quotes."""

    rows: int
    longest: int
    quoted: bool


def open_delimited(path: Path, spec: DataSpec, advice: Advice = FOR_SWEEP) -> Source:
    """Return the columns of a CSV or TSV file, plain or .gz, in the dialect of `spec`. Raises SweepgdError if the file
    is unreadable.
    """
    separator = spec.separator or ("\t" if is_tabbed(path) else ",")
    with reading(path):
        sample, header_lines = _sample(path, spec.encoding or "utf-8", separator, advice)
        if not sample:
            raise ValueError("the file is empty")
        if len(sample[0]) > MOST_COLUMNS:
            raise SweepgdError(
                f"{path}: at least {len(sample[0]):,} columns, more than the limit of {MOST_COLUMNS:,}: give fewer columns"
            )
        names, index = column_names(path, sample, spec.header, advice)
        extent = _extent(path)
    skipped = 0 if spec.header is False else header_lines
    # Arrow compares markers before it trims blanks, so each marker is also listed with blanks. Arrow copies the list for each
    # column.
    blanks = ("", " ") if len(names) < PADDED_COLUMNS else ("",)
    missing = [start + text + end for text in spec.missing_texts for start in blanks for end in blanks]

    block_bytes = min(max(BLOCK_BYTES, 2 * extent.longest), MOST_BLOCK_BYTES)

    def conversion(columns: Sequence[str], types: Types) -> pa.csv.ConvertOptions:
        return pa.csv.ConvertOptions(
            column_types=types,
            include_columns=list(columns),
            null_values=missing,
            strings_can_be_null=True,
            decimal_point=spec.decimal or ".",
        )

    def batches(columns: Sequence[str], types: Types) -> Iterator[pa.RecordBatch]:
        with _unpacked(path) as stream, _parsing(path, separator, advice):
            reader = pa.csv.open_csv(
                stream,
                read_options=pa.csv.ReadOptions(
                    column_names=list(names), skip_rows=skipped, encoding=spec.encoding or "utf-8", block_size=block_bytes
                ),
                parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=extent.quoted),
                convert_options=conversion(columns, types),
            )
            with reader:
                yield from reader

    def of_cell(text: str) -> str | None:
        has_comma = spec.decimal != "," and re.fullmatch(r"\s*[-+]?\d+,\d+\s*", text)
        return advice.decimal_comma if has_comma else None

    def types_of(error: pa.ArrowInvalid, columns: Sequence[str], types: Types) -> Types:
        """Return types that fit all blocks. The file is read again as text, and Arrow infers the types of each block."""
        if re.match(r"In CSV column #\d+: (?:Row #\d+: )?CSV conversion error to \w+", str(error)) is None:
            raise error
        found: Types = {}
        for batch in batches(columns, dict.fromkeys(columns, pa.string())):
            for field in inferred(batch, conversion(columns, types)):
                found[field.name] = wider(found.get(field.name, field.type), field.type)
        return found | types

    rows = extent.rows if spec.header is False else extent.rows - 1
    return Source(path, names, index, max(rows, 0), batches, types_of, advice, of_cell, advice.utf_8)


@contextmanager
def _parsing(path: Path, separator: str, advice: Advice) -> Iterator[None]:
    """Turn Arrow's error for a row with too many or too few columns into a SweepgdError with the likely cause."""
    try:
        yield
    except pa.ArrowInvalid as error:
        found = re.match(r"CSV parse error: (?:Row #\d+: )?Expected (\d+) columns, got (\d+): (.*)", str(error), re.DOTALL)
        if found is None:
            raise
        message = str(error).partition("\n")[0][:200].rstrip(".")
        raise SweepgdError(
            f"cannot read {path}: {message}; {_ragged(int(found[1]), found[3].split(separator), separator, advice)}"
        ) from error


def _ragged(columns: int, cells: Sequence[str], separator: str, advice: Advice) -> str:
    """Return the likely cause of a row with too many or too few cells, and how to fix it."""
    if len(cells) <= columns:
        return "it may be truncated, damaged or in another format"
    causes = []
    if separator == "," and any(map(_splits_a_number, cells, cells[1:])):
        causes.append(f"if these are decimal commas, each of them splits a number in two: {advice.split_numbers}")
    if not all(map(is_number, cells)):
        causes.append(f"put text that contains {separator!r} in quotes")
    return "; ".join(causes) or "give each row as many numbers as there are columns"


def _splits_a_number(cell: str, after: str) -> bool:
    """Return True if two neighbouring cells may be the two sides of a decimal comma."""
    return re.fullmatch(r"\s*[-+]?\d+", cell) is not None and re.fullmatch(r"\d+\s*", after) is not None


def _unpacked(path: Path) -> pa.NativeFile:
    return pa.input_stream(path, compression="gzip" if is_packed(path) else None)


def _sample(path: Path, encoding: str, separator: str, advice: Advice) -> tuple[list[list[str]], int]:
    """Return the first rows without blank lines, and the number of lines up to the end of the first row.

    Raises SweepgdError if the file is not in this encoding.
    """
    with _unpacked(path) as stream:
        head = stream.read(HEAD_BYTES)
        whole = not stream.read(1)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeError as error:
        line = head.count(b"\n", 0, getattr(error, "start", 0)) + 1
        if encoding.lower() in ("utf-8", "utf8"):
            raise SweepgdError(f"{path}: line {line} is not UTF-8 text: {advice.utf_8}") from error
        raise SweepgdError(f"{path} is not text in {encoding}: {advice.encoding}") from error
    rows: list[list[str]] = []
    lines = 0
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator)
    for row in reader:
        if row:
            rows.append(row)
            lines = lines or reader.line_num
            if len(rows) > SAMPLE_ROWS:
                break
    if not whole:
        last = rows.pop()  # the last line may be incomplete
        if not rows and len(last) <= MOST_COLUMNS:
            raise ValueError(f"its first line is longer than {HEAD_BYTES:,} bytes")
        rows = rows or [last]
    return rows, lines


def _extent(path: Path) -> Extent:
    """Return the extent of a file, read once in blocks."""
    ends = longest = line = 0
    quoted = False
    with _unpacked(path) as stream:
        while block := stream.read(READ_BYTES):
            ends += block.count(b"\n")
            if b"\r" in block:
                ends += block.count(b"\r") - block.count(b"\r\n")
            quoted = quoted or b'"' in block
            first = block.find(b"\n")
            if first < 0:
                line += len(block)
            else:
                longest, line = max(longest, line + first), len(block) - block.rfind(b"\n") - 1
    return Extent(ends + 1, max(longest, line), quoted)
