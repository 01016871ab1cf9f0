"""`sweepgd plugin check`: what it prints of installed optimizers, good and bad, and its exit codes."""

import re
from pathlib import Path

import pytest
from commands import call, completed
from distributions import distribution, environment

BROKEN = Path(__file__).parents[1] / "plugins" / "checks" / "broken"


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line in this process."""
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


def test_a_rule_that_passes(run):
    checked = run("plugin", "check", "sgd")
    assert checked.code == 0
    lines = checked.out.splitlines()
    assert re.fullmatch(r"optimizer 'sgd' of sweepgd \S+", lines[0])
    assert [line.split()[:2] for line in lines[1:-1]] == [
        ["passed", name]
        for name in [
            "loads",
            "contract",
            "settings",
            "slots",
            "compiles",
            "finite",
            "zero",
            "deterministic",
            "bounds",
            "ranges",
            "precision",
            "trainer",
            "quadratic",
            "rosenbrock",
            "types",
            "memory",
            "cost",
            "python",
        ]
    ]
    assert lines[-1] == "  sgd: 18 checks passed, 0 failed"


def test_every_optimizer_of_a_distribution_is_checked_whatever_the_others_do(tmp_path):
    site = distribution(
        tmp_path,
        "sweepgd-mixed",
        {
            "mixed_crashing.py": BROKEN / "crashing.py",
            "mixed_allocating.py": BROKEN / "allocating.py",
            "mixed_gone.py": "import os\n\nos._exit(5)\n",
        },
        optimizers={
            "crashing": "mixed_crashing:crashing",
            "allocating": "mixed_allocating:allocating",
            "gone": "mixed_gone:gone",
            "missing": "mixed_crashing:missing",
        },
    )
    checked = completed("plugin", "check", "sweepgd-mixed", env=environment(site))
    assert checked.returncode == 1
    assert checked.stderr == ""
    told = re.split(r"^optimizer '(\w+)' of sweepgd-mixed 1.0\n", checked.stdout, flags=re.MULTILINE)
    assert told[0] == ""
    lines = {name: text.splitlines() for name, text in zip(told[1::2], told[2::2], strict=True)}
    assert list(lines) == ["allocating", "crashing", "gone", "missing"]
    assert lines["allocating"][-1] == "  allocating: 18 checks passed, 0 failed"
    assert lines["crashing"][-2].startswith("  FAILED finite        its process ended by signal SIGSEGV")
    assert lines["crashing"][-1] == "  crashing: 5 checks passed, 1 failed"
    assert lines["gone"][0].startswith("  FAILED loads         its process ended with exit code 5")
    assert "does not load: AttributeError" in lines["missing"][0]
    assert lines["missing"][1:] == ["  missing: 0 checks passed, 1 failed"]


def test_a_name_that_is_not_installed(run):
    checked = run("plugin", "check", "adm")
    assert checked.code == 2
    assert checked.err == "sweepgd: no plugin, distribution or file called 'adm' is known: did you mean 'adam'?\n"


@pytest.mark.parametrize("name", ["my own", "./my own"])
def test_a_package_in_a_folder_is_to_be_installed_first(run, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    Path("my own").mkdir()
    checked = run("plugin", "check", name)
    advice = "install the package in this folder first (uv pip install -e './my own'), and give its name"
    assert (checked.code, checked.out) == (2, "")
    assert checked.err == f"sweepgd: no plugin, distribution or file called {name!r} is known: {advice}\n"


FILE = """
print("loaded")
import numpy as np
from sweepgd.data import Dataset, Table
from sweepgd.schedules import Schedule

def load(rng):
    x = rng.normal(size=(20, 2))
    return Table(inputs=x, targets=x[:, :1] > 0, features=("a", "b"), classes=("low", "high"))

sides = Dataset(name="sides", task="classification", load=load, settings=(), description="", source="")

def factor(clock):
    return np.linspace(1.0, 0.0, len(clock.updates))

ramp = Schedule(name="ramp", factor=factor, settings=(), needs_length=False, source="", description="")
"""


def test_a_file_is_checked_for_all_that_it_defines(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    checked = run("plugin", "check", str(path))
    assert (checked.code, checked.err) == (1, "")
    lines = checked.out.splitlines()
    ends = [number for number, line in enumerate(lines) if not line.startswith("  ")]
    assert [lines[number] for number in ends] == [f"dataset 'sides' of {path}", f"schedule 'ramp' of {path}"]
    assert "  FAILED table         the table has targets of type bool: give float64, or a smaller real type" in lines[4]
    assert next(line for line in lines if "FAILED pieces" in line).endswith(
        " the factor of update 7 is 1 if computed in pieces and 0 if computed in one call: use only the values in `clock`"
    )
    assert sum("it prints 1 line (left out here); the first is 'loaded'" in line for line in lines) == 2
    assert "loaded" not in lines


def test_a_file_that_is_no_plugin(run, tmp_path):
    (tmp_path / "none.py").write_text("x = 1\n")
    (tmp_path / "ends.py").write_text("import os\nos._exit(4)\n")
    (tmp_path / "raises.py").write_text("1 / 0\n")
    for name, code, line in (
        ("gone", 2, "there is no plugin file '{}'"),
        ("none", 2, "{} defines no Optimizer, Model, Layer, Dataset or Schedule"),
        ("ends", 1, "the process that loaded {} ended with exit code 4"),
        ("raises", 1, "the plugin file {} does not run: ZeroDivisionError: division by zero"),
    ):
        path = tmp_path / f"{name}.py"
        checked = run("plugin", "check", str(path))
        assert (checked.code, checked.out) == (code, "")
        assert checked.err.startswith(f"sweepgd: {line.format(path)}")
        assert checked.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "last"), [("cosine", "cosine: 7 checks"), ("wine", "wine: 7 checks"), ("saddle", "saddle: 18")]
)
def test_other_kinds_by_name(run, name, last):
    checked = run("plugin", "check", name)
    assert checked.code == 0
    assert checked.out.splitlines()[-1].startswith(f"  {last}")
