"""Every package provides the entry points that it declares. Its rules pass the conformance kit and are in its README."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from sweepgd import testing

GROUP = "sweepgd.optimizers"
PROJECTS = {
    file.parent: tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    for file in sorted(Path(__file__).parent.glob("*/pyproject.toml"))
}
RULES = [(folder, name) for folder, project in PROJECTS.items() for name in project["entry-points"][GROUP]]
each_rule = pytest.mark.parametrize(("folder", "name"), RULES, ids=[name for _, name in RULES])


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_the_installed_package_is_the_declared_one(folder):
    project = PROJECTS[folder]
    installed = distribution(project["name"])
    assert (folder.name, installed.version) == (project["name"], project["version"])
    points = installed.entry_points.select(group=GROUP)
    assert {point.name: point.value for point in points} == project["entry-points"][GROUP]


def optimizer_of(folder, name):
    (point,) = distribution(PROJECTS[folder]["name"]).entry_points.select(group=GROUP, name=name)
    return point.load()


@each_rule
def test_the_rule_passes_the_conformance_kit(folder, name):
    assert optimizer_of(folder, name).name == name
    testing.check(name)


@each_rule
def test_the_readme_has_every_setting_and_its_default(folder, name):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    optimizer = optimizer_of(folder, name)
    assert f"`{name}`" in readme or len(PROJECTS[folder]["entry-points"][GROUP]) == 1
    for setting in (optimizer.learning_rate, *optimizer.hyperparameters):
        rows = [line for line in readme.splitlines() if line.startswith("|") and f"`{setting.name}`" in line]
        defaults = [float(cell) for line in rows for cell in map(str.strip, line.split("|")) if is_number(cell)]
        assert setting.default in defaults, setting.name


def test_bundled_sweeps_of_these_packages_can_be_run_without_warnings():
    sweeps = {sweep["name"]: sweep["requires"] for sweep in command("list", "sweeps") if sweep["requires"]}
    assert {package for packages in sweeps.values() for package in packages} <= {folder.name for folder in PROJECTS}
    for name in sweeps:
        assert command("search", name, "--dry-run")["warnings"] == []


def command(*arguments):
    """Return the JSON that a command of sweepgd prints."""
    process = subprocess.run(
        [sys.executable, "-m", "sweepgd", *arguments, "--json"], capture_output=True, check=True, text=True
    )
    return json.loads(process.stdout)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
