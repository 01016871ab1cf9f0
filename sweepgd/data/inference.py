"""The types of columns of text: those that Arrow infers of a block, and those that hold for several blocks."""

import pyarrow as pa
import pyarrow.csv

# Arrow's own limit.
MOST_BLOCK_BYTES = 2**31 - 1
# Of two types in one row, the later one holds the values of both.
_WIDER = ((pa.int64(), pa.float64()), (pa.date32(), pa.timestamp("s"), pa.timestamp("ns")))


def inferred(batch: pa.RecordBatch, options: pa.csv.ConvertOptions) -> pa.Schema:
    """Return the types that Arrow infers where it reads these texts with `options`: by its own rules, as only it knows them."""
    written = pa.BufferOutputStream()
    pa.csv.write_csv(batch, written, pa.csv.WriteOptions(include_header=False))
    content = written.getvalue()
    return pa.csv.read_csv(
        pa.BufferReader(content),
        read_options=pa.csv.ReadOptions(column_names=batch.schema.names, block_size=min(content.size + 1, MOST_BLOCK_BYTES)),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    ).schema


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the narrowest type that holds the values of both: text where no other does."""
    if pa.types.is_null(one) or one == other:
        return other
    if pa.types.is_null(other):
        return one
    for row in _WIDER:
        if one in row and other in row:
            return max(one, other, key=row.index)
    return pa.string()
