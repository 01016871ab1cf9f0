"""Data that bundled sweeps use and not every machine has."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sweepgd.core.errors import SweepgdError


@contextmanager
def skipped_without_data() -> Iterator[None]:
    """Skips the test where it reads Fashion-MNIST and Debian's package of it is not installed."""
    try:
        yield
    except SweepgdError as problem:
        if "dataset-fashion-mnist" not in str(problem):
            raise
        pytest.skip(str(problem))
