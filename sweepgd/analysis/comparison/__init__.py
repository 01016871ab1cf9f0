"""Studies side by side: their results, and the runs that they share."""

from collections.abc import Sequence

import pyarrow as pa

from sweepgd.analysis.comparison.compared_studies import Study, studies_table
from sweepgd.analysis.comparison.merged_studies import merged
from sweepgd.analysis.comparison.paired_runs import paired_table, unpaired_table


def comparison(studies: Sequence[Study], comparable: bool) -> dict[str, pa.Table]:
    """Return tables by name: `studies` with their best configurations, `paired`, the differences between each other study and
    the first study over the runs that both studies have, and `unpaired`, the studies without such runs, with the reason.

    The objectives are compared only if the studies are `comparable`, that is, if all of them minimise the same quantity.
    """
    return {
        "studies": studies_table(studies, comparable),
        "paired": paired_table(studies, comparable),
        "unpaired": unpaired_table(studies),
    }


__all__ = ["Study", "comparison", "merged"]
