"""`is_compiled` and `compiled` use a cached kernel until its file, a helper, a value or the processor changes."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from distributions import environment
from numba import types

from sweepgd.kernels import compiling, kernel_cache


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_kernel_is_compiled_until_its_file_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "root", lambda: tmp_path / "cache")
    source = tmp_path / "plain.py"
    source.write_text("def twice(x):\n    return 2 * x\n", encoding="utf-8")
    spec = spec_from_file_location("plain", source)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    signature = types.int64(types.int64)
    assert not compiling.is_compiled(module.twice, signature)
    assert compiling.compiled(module.twice, signature)(3) == 6
    assert compiling.is_compiled(module.twice, signature)
    assert not compiling.is_compiled(module.twice, types.float64(types.float64))
    monkeypatch.setattr(compiling.config, "CPU_NAME", "generic")
    assert not compiling.is_compiled(module.twice, signature)
    monkeypatch.undo()
    monkeypatch.setattr(kernel_cache, "root", lambda: tmp_path / "cache")
    os.utime(source, (0, 0))
    assert not compiling.is_compiled(module.twice, signature)


HELPER = "from sweepgd.kernels import helper\n\n\n@helper\ndef step(x):\n    return x + {by}\n"
NUMBERS = "import numpy as np\n\nK = np.array([{by}])\n"
MOVE = """
from numba import types
from sweepgd.kernels import compiling
from shipped.rules.move import moved

signature = types.int64(types.int64)
print(compiling.is_compiled(moved, signature), compiling.compiled(moved, signature)(0))
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def output_of_run(folder) -> str:
    options = {"env": environment(folder, NUMBA_CACHE_DIR=str(folder / "cache")), "capture_output": True, "text": True}
    return subprocess.run([sys.executable, "-c", MOVE], check=True, **options).stdout


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize(
    ("kernel", "used", "text"),
    [
        ("from shipped.parts.deep import step\n\ndef moved(x):\n    return step(x)\n", "shipped/parts/deep.py", HELPER),
        ("import libx.deep\n\ndef moved(x):\n    return libx.deep.step(x)\n", "libx/deep.py", HELPER),
        ("from consts import K\n\ndef moved(x):\n    return x + K\n", "consts.py", "K = {by}\n"),
        ("import libx.deep\n\ndef moved(x):\n    return x + libx.deep.K[1]\n", "libx/deep.py", "K = (0, {by})\n"),
        ("from consts import K\n\ndef moved(x):\n    return x + K[0]\n", "consts.py", NUMBERS),
    ],
)
def test_a_kernel_is_compiled_again_when_a_helper_or_value_changes(tmp_path, kernel, used, text):
    write(tmp_path / "shipped" / "rules" / "move.py", kernel)
    write(tmp_path / used, text.format(by=1))
    assert output_of_run(tmp_path) == "False 1\n"
    write(tmp_path / used, text.format(by=50))
    assert [output_of_run(tmp_path), output_of_run(tmp_path)] == ["False 50\n", "True 50\n"]


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize("names", [{}, {"__name__": "made"}])
def test_a_kernel_without_a_source_file_is_compiled_each_time(tmp_path, monkeypatch, names):
    monkeypatch.setattr(kernel_cache, "root", lambda: tmp_path)
    names = dict(names)
    exec("def twice(x):\n    return 2 * x\n", names)
    signature = types.int64(types.int64)
    assert compiling.compiled(names["twice"], signature)(3) == 6
    assert not compiling.is_compiled(names["twice"], signature)
    assert not list(tmp_path.iterdir())
