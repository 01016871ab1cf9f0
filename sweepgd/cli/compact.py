"""`sweepgd compact`: merge the Parquet parts of a results directory."""

import sys

from sweepgd.cli.options import Directory


def compact(directory: Directory) -> None:
    """Merge the parts of each table into one, so that readers open fewer files. Do not use the directory meanwhile."""
    from sweepgd.record.compact import compact as merge_parts

    before, after = merge_parts(directory, lambda line: print(line, file=sys.stderr))
    print(f"{directory}: each table had {before} part{'s' * (before != 1)} and now has {after}")
