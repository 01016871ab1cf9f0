"""The public interface: what `sweepgd` and `sweepgd.plugin` offer is documented, and plugins import nothing else of sweepgd."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from page_text import PAGES

import sweepgd

ROOT = Path(__file__).parents[1]
PAGE_OF = {"sweepgd": "sweeps/RESULTS.md", "sweepgd.plugin": "plugins/README.md"}
each_module = pytest.mark.parametrize("name", PAGE_OF)


def imports_of(text, name):
    """The names of sweepgd that a source text imports, as module.name, in the order of the text."""
    found = []
    for node in ast.walk(ast.parse(text, name)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [f"{node.module}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        found += [module for module in modules if module.split(".")[0] == "sweepgd"]
    return found


def rank(name):
    """Constants first, then classes, then all other names, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@each_module
def test_names_are_sorted_importable_and_typed(name):
    module = import_module(name)
    assert module.__all__ == sorted(module.__all__, key=rank)
    assert dir(module) == sorted(set(module.__all__))
    typed = imports_of(Path(module.__file__).read_text(encoding="utf-8"), name)
    assert sorted(each.rpartition(".")[2] for each in typed if not each.endswith(".lazy_exports")) == sorted(module.__all__)
    for each in typed:
        source, _, exported = each.rpartition(".")
        if exported != "lazy_exports":
            assert getattr(module, exported) is getattr(import_module(source), exported)


@each_module
def test_every_name_is_documented(name):
    module, page = import_module(name), PAGES[PAGE_OF[name]]
    words = {word for code in re.findall(r"`([^`\n]+)`", page) for word in re.findall(r"\w+", code)}
    words |= {f"DIM{axis}" for axis in range(4)} if "`DIM0` … `DIM3`" in page else set()
    assert set(module.__all__) - words == set()
    for each in map(module.__getattr__, module.__all__):
        if inspect.isfunction(each) or inspect.isclass(each):
            assert each.__doc__, each


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'sweepgd' has no attribute 'serach'$"):
        sweepgd.serach  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import sweepgd, sweepgd.plugin", {"numba", "numpy", "optuna", "pyarrow"}),
        ("from sweepgd import SweepgdError, __version__", {"numba", "numpy", "optuna", "pyarrow"}),
        ("from sweepgd.plugin import Optimizer, Setting, rate", {"numba", "optuna", "pyarrow"}),
    ],
)
def test_only_what_a_name_needs_is_imported(statement, heavy):
    program = f"import sys\n{statement}\nprint(*{heavy} & sys.modules.keys())"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []


def test_plugins_import_the_public_modules_only():
    sources = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py")}
    for path in (ROOT / "sweepgd" / "plugins" / "scaffold" / "templates").glob("*.py.in"):
        sources[path.name] = path.read_text(encoding="utf-8").replace("$", "")
    for number, text in enumerate(re.findall(r"^```python\n(.*?)^```$", PAGES["plugins/README.md"], re.MULTILINE | re.DOTALL)):
        sources[f"example {number}"] = text
    used = {(name, each) for name, text in sources.items() for each in imports_of(text, name)}
    public = {f"sweepgd.plugin.{each}" for each in import_module("sweepgd.plugin").__all__} | {"sweepgd.testing"}
    assert {(name, each) for name, each in used if each not in public} == set()
    assert {"example 3", "rule.py.in", "plugins/sweepgd-muon/src/sweepgd_muon/muon.py"} <= {name for name, _ in used}


def test_the_package_is_marked_as_typed():
    assert (ROOT / "sweepgd" / "py.typed").read_bytes() == b""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert (wheel["packages"], wheel.keys() & {"exclude", "include", "only-include"}) == (["sweepgd"], set())
