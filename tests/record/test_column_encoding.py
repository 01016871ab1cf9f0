"""Columns of the record are encoded by their type, and the written values are read back bit for bit."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweepgd.record.checksums import sealed
from sweepgd.record.schema import SCHEMAS


@pytest.mark.quick
@pytest.mark.parametrize("table", SCHEMAS)
def test_real_numbers_have_no_dictionary_and_vectors_are_split(table, tmp_path):
    schema = SCHEMAS[table]
    with sealed(tmp_path / "a.parquet", schema, {}) as writer:
        columns = [pa.array([_value(field.type)] * 8, field.type) for field in schema]
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    group = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(0)
    for column in (group.column(i) for i in range(group.num_columns)):
        real, path = column.physical_type == "DOUBLE", column.path_in_schema
        assert ("RLE_DICTIONARY" in column.encodings) == (not real), path
        assert ("BYTE_STREAM_SPLIT" in column.encodings) == (real and path.endswith(".list.element")), path


@pytest.mark.quick
def test_weights_of_any_bits_are_read_back(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2**64, 1000, dtype=np.uint64)
    schema = pa.schema([pa.field("parameters", pa.list_(pa.float64()))])
    with sealed(tmp_path / "a.parquet", schema, {}) as writer:
        writer.write_table(pa.table({"parameters": [bits.view(np.float64)]}, schema=schema))
    found = pq.read_table(tmp_path / "a.parquet")["parameters"].combine_chunks().flatten()
    assert found.to_numpy().tobytes() == bits.tobytes()


def _value(kind: pa.DataType):
    if pa.types.is_map(kind):
        return [("a", 0.5)]
    if pa.types.is_list(kind):
        return [_value(kind.value_type)]
    return "a" if pa.types.is_string(kind) else 0.5 if pa.types.is_floating(kind) else 1
