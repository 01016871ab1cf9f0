"""A function of a table is computed once for each table, and forgets a table that is gone."""

import gc

import pyarrow as pa

from sweepgd.analysis.table_memo import once_per_table


def test_each_table_is_computed_once_and_forgotten_with_the_table():
    calls = []

    @once_per_table
    def doubled(table):
        calls.append(table.num_rows)
        return pa.concat_tables([table, table])

    for rows in (1, 2, 3):
        table = pa.table({"value": list(range(rows))})
        assert doubled(table).num_rows == 2 * rows
        assert doubled(table) is doubled(table)
    del table
    gc.collect()
    assert calls == [1, 2, 3]
    assert doubled(pa.table({"value": [1]})).num_rows == 2
    assert calls == [1, 2, 3, 1]


def test_a_result_that_is_its_table_is_not_kept():
    table = pa.table({"value": [1]})
    assert once_per_table(lambda same: same)(table) is table
