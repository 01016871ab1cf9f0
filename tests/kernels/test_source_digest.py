"""The digest of a kernel's sources changes with every helper, value and file that its compiled code depends on."""

import subprocess
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location

import numba
import numpy as np
import pytest
from distributions import environment

from sweepgd.kernels import compiling, source_digest, tensors

HELPER = "from sweepgd.kernels import helper\n\n\n@helper\ndef step(x):\n    return x + {by}\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_digest_of_a_set_of_strings_is_equal_in_all_processes(tmp_path):
    write(tmp_path / "rule.py", 'NAMES = frozenset("abcdef")\n\ndef kept(x):\n    return x in {"a", "b", "c"} or x in NAMES\n')
    show = "import rule; from sweepgd.kernels import source_digest; print(source_digest.fingerprint(rule.kept))"
    shown = {
        subprocess.check_output([sys.executable, "-c", show], env=environment(tmp_path, PYTHONHASHSEED=seed)) for seed in "123"
    }
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("module", "file", "root"),
    [
        ("rooted", "rooted.py", "rooted.py"),
        ("rooted", "rooted/__init__.py", "rooted"),
        ("rooted.rules", "rooted/rules/__init__.py", "rooted"),
        ("rooted.rules.move", "rooted/rules/move.py", "rooted"),
    ],
)
def test_the_root_is_the_top_level_package_or_the_only_file(tmp_path, module, file, root):
    write(tmp_path / file, "def kept(x):\n    return x\n")
    spec = spec_from_file_location(module, tmp_path / file)
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    assert source_digest.root(loaded.kept) == tmp_path / root


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize(
    "rule",
    [
        "from theirs import step\n\ndef moved(x):\n    return step(x)\n",
        "import theirs\n\ndef moved(x):\n    return theirs.step(x)\n",
        "import theirs\n\nSTEPS = (theirs.step,)\n\ndef moved(x):\n    return STEPS[0](x)\n",
        "import theirs\n\ndef over(step):\n    return lambda x: step(x)\n\nmoved = over(theirs.step)\n",
    ],
)
def test_helpers_of_other_distributions_are_part_of_the_digest(tmp_path, monkeypatch, rule):
    write(tmp_path / "theirs.py", HELPER.format(by=1))
    write(tmp_path / "rule.py", rule)
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("theirs", "rule"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    theirs, rule = import_module("theirs"), import_module("rule")
    assert source_digest.reached(rule.moved) == {rule.moved, theirs.step.py_func}
    assert source_digest.reached(theirs.step.py_func) == {theirs.step.py_func}
    before = source_digest.fingerprint(rule.moved)
    write(tmp_path / "theirs.py", HELPER.format(by=2))
    source_digest._sources.cache_clear()
    source_digest.fingerprint.cache_clear()
    assert source_digest.fingerprint(rule.moved) != before


@pytest.mark.parametrize("edited", ["x + 2", "x - 1", "(lambda: x + 2)()"])
def test_code_loaded_before_an_edit_has_another_digest_than_the_edited_file(tmp_path, edited):
    """A Python session may load a plugin, edit its file, and start a search."""
    source = tmp_path / "rule.py"
    loaded = []
    for value in ("x + 1", edited):
        write(source, f"def moved(x):\n    return {value}\n")
        names = {"__name__": "rule"}
        exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), names)
        loaded.append(names["moved"])
    source_digest._sources.cache_clear()
    assert source_digest.fingerprint(loaded[0]) != source_digest.fingerprint(loaded[1])


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize(
    "text",
    [
        "from sweepgd.plugin import norm\n\ndef length(x):\n    return norm(x, 0, x.size)\n",
        "from sweepgd import plugin\n\ndef length(x):\n    return plugin.norm(x, 0, x.size)\n",
        "import sweepgd.plugin\n\ndef length(x):\n    return sweepgd.plugin.norm(x, 0, x.size)\n",
    ],
)
def test_helpers_that_a_module_offers_lazily_are_part_of_the_digest(tmp_path, monkeypatch, text):
    write(tmp_path / "lazy_rule.py", text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lazy_rule", raising=False)
    length = import_module("lazy_rule").length
    assert source_digest.reached(length) == {length} | source_digest.reached(tensors.norm.py_func)
    assert numba.njit(length)(np.array([3.0, 4.0])) == 5.0
