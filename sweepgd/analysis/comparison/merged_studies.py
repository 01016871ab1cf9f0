"""The runs of several studies in one table, in which an optimizer of one study differs from the same one of another study."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.comparison.compared_studies import Study


def first_numbers(studies: Sequence[Study]) -> list[int]:
    """Return the number that the first trial of each study gets in `merged`: the next power of ten times 0, 1, 2, …"""
    highest = max((pc.max(study.trials["trial"]).as_py() or 0 for study in studies), default=0)
    return [number * 10 ** len(str(highest)) for number in range(len(studies))]


def merged(studies: Sequence[Study], tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables of the studies, such as their trials or curves, as one table.

    Trials are numbered from those of `first_numbers` on. A column `optimizer` names the study too, as in "adam, quickstart".
    """
    parts = []
    for study, first, table in zip(studies, first_numbers(studies), tables, strict=True):
        changed: dict[str, Any] = {"trial": pc.add(table["trial"], first)}
        if "optimizer" in table.column_names:
            changed["optimizer"] = pc.binary_join_element_wise(table["optimizer"], study.name, ", ")
            # Configurations of different studies are never repeats of each other.
            changed["config_id"] = pc.binary_join_element_wise(table["config_id"], study.name, " ")
        for name, column in changed.items():
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), column)
        parts.append(table)
    return pa.concat_tables(parts)
