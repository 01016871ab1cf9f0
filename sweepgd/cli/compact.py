"""`sweepgd compact`: merge the Parquet parts of a results directory."""

import sys

from sweepgd.cli.options import Directory


def compact(directory: Directory) -> None:
    """Make the many parts of a study at rest one for each table, so that readers open fewer files."""
    from sweepgd.record.compact import compact as make_one

    before, after = make_one(directory, lambda line: print(line, file=sys.stderr))
    print(f"{directory}: {before} parts of each table, now {after}")
