"""The shape of the package and its tests: few entries at the top, short files and test names, and names that occur once."""

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

from conftest import NUMERICS, QUICK

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sweepgd"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
TESTS = sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "plugins").glob("*/tests/*.py")])
MOST_PACKAGES, MOST_FILES, MOST_LINES, LONGEST_NAME = 18, 6, 250, 79


def test_the_top_level_is_small():
    entries = [entry for entry in PACKAGE.iterdir() if entry.name not in ("__pycache__", "_sweeps")]
    packages = {entry.name for entry in entries if entry.is_dir()}
    assert len(packages) <= MOST_PACKAGES, packages
    assert len(entries) - len(packages) <= MOST_FILES, entries
    assert {module.relative_to(PACKAGE).parts[0] for module in MODULES if module.parent != PACKAGE} == packages


def test_no_file_is_long():
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *TESTS]}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_test_name_is_long():
    names = {
        node.name
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert {name for name in names if len(name) > LONGEST_NAME} == set()
    assert len(names) > 1000


def test_every_file_listed_for_a_marker_exists():
    named = {f"{path.parent.name}/{path.stem.removeprefix('test_')}" for path in TESTS}
    listed = {f"{folder}/{name}" for files in (NUMERICS, QUICK) for folder, names in files.items() for name in names}
    assert listed <= named, listed - named


def test_no_file_name_occurs_twice():
    """Names of __init__.py, of a plugin kind's contract.py and of the commands in cli/ may."""
    places = defaultdict(list)
    for path in MODULES:
        if path.name not in ("__init__.py", "contract.py") and PACKAGE / "cli" not in path.parents:
            places[path.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_package_has_a_docstring_and_a_layer():
    packages = {path.parent for path in MODULES if path.parent != PACKAGE}
    assert {str(each) for each in packages if not (each / "__init__.py").read_text(encoding="utf-8").startswith('"""')} == set()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    listed = {name.strip().split(".")[1] for layer in layers for name in layer.replace("|", ":").split(":")}
    top = {path.relative_to(PACKAGE).parts[0] for path in packages}
    assert top <= listed, top - listed


def test_every_package_says_what_does_not_belong_to_it():
    """In two sentences or more, since sweepgd/README.md refers to them."""
    excludes = re.compile(r"\b(nothing|no|not|only|never|alone|elsewhere)\b|[^.]\bare in `", re.IGNORECASE)
    for package in {path.parent for path in MODULES if path.parent.parent == PACKAGE}:
        text = " ".join((ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or "").split())
        sentences = re.split(r"(?<=[.:])\s(?=[A-Z`])", text)
        assert len(sentences) >= 2, package
        assert any(excludes.search(sentence) for sentence in sentences), package
