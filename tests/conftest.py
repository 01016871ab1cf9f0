import os
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
import pytest

# The tests that compare numbers from compiled kernels: .ci/run compiles `pytest -m numerics` for other processors as well.
NUMERICS = {
    "curvature": {
        "eigenvalues",
        "gradient_noise",
        "keskar_phi",
        "maxima",
        "objective",
        "rescaling",
        "rows",
        "spectral_density",
        "stability",
        "trace",
    },
    "kernels": {
        "analytic_losses",
        "exponential",
        "matmul",
        "network",
        "network_hessian",
        "noisy_losses",
        "normal_numbers",
        "subnormals",
        "target",
        "tensors",
        "views",
    },
    "models": {"noisy_quadratic"},
    "optimizers": {"against_optax"},
    "published": {"digits_adam", "gluon_linear", "lectured_laws", "moons_published"},
    "record": {"schema_version_1", "schema_version_2"},
    "training": {"divergence", "evaluation", "linear_regression_law", "run", "run_monitor", "trial"},
}

# The tests that `pytest -m quick` runs on other versions of Python and of the dependencies, see .ci/run: sweep files,
# schedules, the compiled trainer of every optimizer, the record, and whole searches with each sampler.
QUICK = {
    "cli": {"init", "list", "main", "search", "train"},
    "core": {"aligned_arrays", "disk_cache", "memory_limit"},
    "optimizers": {"against_optax", "contract"},
    "record": {
        "commit_results",
        "compact",
        "damaged_parts",
        "log",
        "merge",
        "moved_directory",
        "readers",
        "repair",
        "results",
        "schema",
        "schema_version_1",
        "schema_version_2",
        "store",
        "trial_record",
        "verify",
    },
    "samplers": {"adaptive", "make", "stateless"},
    "schedules": {"schedules"},
    "study": {"search"},
    "sweep": {"entries", "fixed_points", "inverse", "points", "reference", "space", "toml_files", "validation_errors"},
}


def pytest_configure(config):
    """Gives the tests and the processes that they start an empty cache, but for the user's kernels, which take minutes."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(platformdirs.user_cache_path("sweepgd") / "kernels"))
    folder = TemporaryDirectory(prefix="sweepgd-tests-")
    os.environ["XDG_CACHE_HOME"] = folder.name
    config.add_cleanup(folder.cleanup)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config, items):
    for item in items:
        for marker, listed in (("numerics", NUMERICS), ("quick", QUICK)):
            if item.path.stem.removeprefix("test_") in listed.get(item.path.parent.name, ()):
                item.add_marker(marker)
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow: give --slow to run it"))


@pytest.fixture
def short_folder():
    """A temporary folder with a short name: that of a socket in it may have a hundred characters."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Return a function that runs the command line in this process, in the empty folder `tmp_path`."""
    from commands import VARIABLES, call

    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


@pytest.fixture(scope="module")
def without_vega():
    """Pages without the bundle of Vega, which takes seconds to build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweepgd.report.page.page.vega_bundle", lambda: "/* Vega */")
        yield
