"""A results directory of three segments, for tests of verification and repair."""

import shutil

import pytest
from recorded import finished, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A directory of three segments: trials 0 and 1, trial 2, and trial 3 with two replicates. Only the last has its log."""
    directory = tmp_path_factory.mktemp("whole") / "out"
    write(directory, [[finished(0), finished(1)], [finished(2)], [finished(3, 2)]])
    return directory


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "out")
