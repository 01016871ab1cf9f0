"""A memory for functions of one recorded table, which several tables and charts of a study need."""

from collections.abc import Callable
from functools import wraps
from weakref import finalize

import pyarrow as pa


def once_per_table(function: Callable[[pa.Table], pa.Table]) -> Callable[[pa.Table], pa.Table]:
    """Return a version of `function` that is computed once for each table. A result is kept as long as its table exists."""
    known: dict[int, pa.Table] = {}

    @wraps(function)
    def remembered(table: pa.Table) -> pa.Table:
        key = id(table)
        if key not in known:
            result = function(table)
            if result is table:  # it would keep itself
                return table
            known[key] = result
            finalize(table, known.pop, key, None)
        return known[key]

    return remembered
