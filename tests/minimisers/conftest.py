"""A recorded search, and copies of it. What imports Numba is imported inside, after the tests have set its cache."""

import shutil
from pathlib import Path

import pytest
from linear_sweep import sweep


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search without `[measure]`, which tests copy."""
    from minimisers.recorded_searches import RUNS

    from sweepgd import search

    directory = tmp_path_factory.mktemp("searched")
    search(sweep(*RUNS), out=directory / "out", workers=1)
    return directory / "out"


@pytest.fixture
def out(searched, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(searched, tmp_path / "out"))
