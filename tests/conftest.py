import os
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
import pytest


def pytest_configure(config):
    """Gives the tests and the processes that they start an empty cache, but for the user's kernels, which take minutes."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(platformdirs.user_cache_path("sweepgd") / "kernels"))
    folder = TemporaryDirectory(prefix="sweepgd-tests-")
    os.environ["XDG_CACHE_HOME"] = folder.name
    config.add_cleanup(folder.cleanup)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow: give --slow to run it"))


@pytest.fixture
def short():
    """A temporary folder with a short name: that of a socket in it may have a hundred characters."""
    with TemporaryDirectory() as folder:
        yield Path(folder)
