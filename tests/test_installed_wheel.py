"""The wheel in an environment of its own, outside every clone, with a plugin package beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sweepgd import load

ROOT = Path(__file__).parents[1]
SMALL = ("points=[]", "space.batch_size=500", "space.learning_rate=0.01", "budget.epochs=1", "search.replicates=1")


@pytest.fixture
def tool(tmp_path):
    """The command that `uv tool install sweepgd --with sweepgd-lion` installs from the wheels of this clone."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    # Without the tests' own cache folder, in which uv would not find what it has downloaded.
    environment = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "VIRTUAL_ENV")}
    environment |= {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}

    def call(*arguments):
        done = subprocess.run([uv, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    for package in (ROOT, ROOT / "plugins" / "sweepgd-lion"):
        call("build", "--wheel", "--out-dir", "wheels", str(package))
    ours, lion = (str(next((tmp_path / "wheels").glob(f"{name}-*.whl"))) for name in ("sweepgd", "sweepgd_lion"))
    call("tool", "install", "--python", sys.executable, ours, "--with", lion)
    return tmp_path / "bin" / "sweepgd"


def test_the_installed_command_searches_with_a_plugin_and_a_bundled_sweep(tool, tmp_path):
    overrides = [word for setting in ('space.optimizer=["lion"]', *SMALL) for word in ("--set", setting)]
    # In plain Python: compilation, which takes half a minute in a new environment, is the same as in the clone.
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [tool, "search", "gluon_linear", *overrides, "--trials", "1", "--workers", "1", "-q"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (row,) = load(tmp_path / "results" / "gluon_linear").trials.to_pylist()
    assert (row["status"], row["optimizer"], row["updates"]) == ("completed", "lion", 2)
