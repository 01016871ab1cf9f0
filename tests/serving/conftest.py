"""Records of one run each, and models of them."""

import pytest
from serving.trained_runs import recorded


@pytest.fixture(scope="session", params=["two", "three", "number"])
def results(request, tmp_path_factory):
    """A run with two classes, three classes, or a number as the target. Tests do not change it."""
    return recorded(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture
def model(results):
    return results.model()


@pytest.fixture(scope="session")
def two(tmp_path_factory):
    """A run with two classes."""
    return recorded(tmp_path_factory.mktemp("two"), "two")
