"""Data and packages that bundled sweeps use and not every machine has."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.study.preparation import check_installed
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
    refusals = {name: _refusal(load(name).requires) for name in sorted(bundled())}
    return [pytest.param(name, marks=pytest.mark.skipif(bool(why), reason=why)) for name, why in refusals.items()]


def _refusal(packages: list[str]) -> str:
    """Return why a sweep that requires these packages is refused; "" if all are installed."""
    try:
        check_installed(packages)
    except UsageError as problem:
        return str(problem)
    return ""
