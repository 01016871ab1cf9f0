"""A search of the linear sweep from the command line."""

import pytest
from linear_sweep import sweep_file


@pytest.fixture
def run_search(run, tmp_path):
    """Return a function that searches the linear sweep with two workers and further arguments."""
    path = sweep_file(tmp_path)
    return lambda *arguments: run("search", path, "--workers", "2", *arguments)
