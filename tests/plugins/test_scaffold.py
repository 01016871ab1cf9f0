"""`sweepgd plugin new`: a plugin package that installs and passes the checks."""

import subprocess
import sys
import tomllib

import pytest
from commands import call
from distributions import distribution, environment

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.plugins import scaffold


def test_the_files_and_metadata_of_the_package(tmp_path):
    folder = tmp_path / "of mine"
    files = scaffold.write("my_rule", folder)
    assert sorted(str(path.relative_to(folder)) for path in files) == [
        "README.md",
        "pyproject.toml",
        "src/sweepgd_my_rule/__init__.py",
        "tests/test_my_rule.py",
    ]
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "sweepgd-my-rule"
    assert project["project"]["entry-points"] == {"sweepgd.optimizers": {"my_rule": "sweepgd_my_rule:optimizer"}}
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["src/sweepgd_my_rule"]}
    assert not any("$" in path.read_text(encoding="utf-8") for path in files)
    rule = (folder / "src" / "sweepgd_my_rule" / "__init__.py").read_text(encoding="utf-8")
    assert len(rule.splitlines()) <= 40
    assert 'name="my_rule"' in rule


def test_the_new_package_passes_its_own_tests(tmp_path):
    scaffold.write("demo", tmp_path / "demo")
    rule = tmp_path / "demo" / "src" / "sweepgd_demo" / "__init__.py"
    distribution(
        tmp_path / "site", "sweepgd-demo", {"sweepgd_demo/__init__.py": rule}, optimizers={"demo": "sweepgd_demo:optimizer"}
    )
    options = {"env": environment(tmp_path / "site"), "capture_output": True, "text": True, "cwd": tmp_path / "demo"}
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], **options)
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr


@pytest.mark.parametrize("name", ["Bad", "my-rule", "2fast", "a__b", "_a", "a_", "über", "../a", ""])
def test_an_invalid_name_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match=r"cannot be the name of an optimizer: use lower-case letters, digits and _"):
        scaffold.write(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_installed_name_is_refused_with_its_distribution(tmp_path):
    with pytest.raises(UsageError, match=r"^optimizer 'adam' of sweepgd \S+ is installed: choose another name$"):
        scaffold.write("adam", tmp_path / "adam")


def test_an_existing_folder_is_not_changed(tmp_path):
    (tmp_path / "demo").mkdir()
    with pytest.raises(UsageError, match=r"demo exists already: choose another name, or another folder"):
        scaffold.write("demo", tmp_path / "demo")
    assert list((tmp_path / "demo").iterdir()) == []


def test_a_folder_that_cannot_be_created_gives_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SweepgdError, match=r"cannot write .*/file/demo: Not a directory"):
        scaffold.write("demo", tmp_path / "file" / "demo")


def test_the_command_names_the_files_and_the_next_step(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = call(monkeypatch, capsys, "plugin", "new", "demo")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("wrote demo/pyproject.toml\n")
    assert made.out.endswith("Next: uv pip install -e ./demo && sweepgd plugin check demo\n")
    there = call(monkeypatch, capsys, "plugin", "new", "demo", "else where")
    assert there.out.endswith("Next: uv pip install -e './else where' && sweepgd plugin check demo\n")
    again = call(monkeypatch, capsys, "plugin", "new", "demo")
    assert (again.code, again.err) == (2, "sweepgd: demo exists already: choose another name, or another folder\n")
