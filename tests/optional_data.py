"""Data and packages that bundled sweeps use and not every machine has."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.sweep import bundled, load


@contextmanager
def skipped_without_data() -> Iterator[None]:
    """Skips the test where it reads Fashion-MNIST and Debian's package of it is not installed."""
    try:
        yield
    except SweepgdError as problem:
        if "dataset-fashion-mnist" not in str(problem):
            raise
        pytest.skip(str(problem))


def bundled_sweeps() -> list[object]:
    """Return the names of the bundled sweeps as parameters of a test. It is skipped for a sweep whose packages are missing:
    plugins/test_packages.py prepares these sweeps.
    """
    missing = {name: [package for package in load(name).requires if not _installed(package)] for name in sorted(bundled())}
    return [
        pytest.param(name, marks=pytest.mark.skipif(bool(packages), reason=f"requires {packages}"))
        for name, packages in missing.items()
    ]


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
