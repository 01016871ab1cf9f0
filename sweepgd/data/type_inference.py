"""The types of columns that are read as text: the types that Arrow infers for a block, and the types that fit several
blocks.
"""

import pyarrow as pa
import pyarrow.csv

# The largest block that Arrow can read.
MOST_BLOCK_BYTES = 2**31 - 1
# In each row, a later type can hold the values of an earlier type.
_WIDER = ((pa.int64(), pa.float64()), (pa.date32(), pa.timestamp("s"), pa.timestamp("ns")))


def inferred(batch: pa.RecordBatch, options: pa.csv.ConvertOptions) -> pa.Schema:
    """Return the types that Arrow infers for a batch of texts, read as CSV with `options`.

    The batch is written and read again, because Arrow offers its rules of inference only in its CSV reader.
    """
    stream = pa.BufferOutputStream()
    pa.csv.write_csv(batch, stream, pa.csv.WriteOptions(include_header=False))
    content = stream.getvalue()
    return pa.csv.read_csv(
        pa.BufferReader(content),
        read_options=pa.csv.ReadOptions(column_names=batch.schema.names, block_size=min(content.size + 1, MOST_BLOCK_BYTES)),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    ).schema


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the narrowest type that can hold the values of both types. Text can hold all values."""
    if pa.types.is_null(one) or one == other:
        return other
    if pa.types.is_null(other):
        return one
    for row in _WIDER:
        if one in row and other in row:
            return max(one, other, key=row.index)
    return pa.string()
