"""Shell completion of commands, options, plugins, sweeps and results directories, without heavy imports."""

import subprocess
import sys

import pytest

from sweepgd.cli import completion
from sweepgd.core.bundled_sweeps import bundled

# As `python -m sweepgd`, with a last line that names what was imported.
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("imported:", *{"pydantic", "numpy", "numba", "optuna", "pyarrow", "rich"} & {
    name for name, module in sys.modules.items() if module is not None}))
sys.argv = ["sweepgd"]
from sweepgd.__main__ import main
main()
"""


def completed(words):
    """Return what bash offers for the last of these words, which may be incomplete."""
    variables = {"_SWEEPGD_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=variables, check=True)
    *offered, imported = done.stdout.splitlines()
    assert (imported, done.stderr) == ("imported:", "")
    return offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("sweepgd an", ["analyze"]),
        ("sweepgd search --sha", ["--shard"]),
        ("sweepgd train --model mlp --optimizer ada", ["adadelta", "adagrad", "adam", "adamw"]),
        ("sweepgd init sharp", ["sharp_flat", "sharp_flat_fashion"]),
    ],
)
def test_a_shell_is_offered_names_at_once(words, offered):
    assert completed(words) == offered


def test_kinds_of_plugins_are_offered_apart_or_together():
    assert completion.plugins("schedules")("co") == ["constant", "cosine"]
    assert completion.plugins("optimizers", "datasets")("mo") == ["momentum", "momentum_average", "momentum_velocity", "moons"]
    assert completion.kinds("s") == ["schedules", "sweeps"]
    assert completion.bundled_names("") == list(bundled())


def test_sweeps_and_results_are_found_in_the_folder_that_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("results/one", "results/two", "else/three"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "sweep.toml").write_text("")
    (tmp_path / "results" / "empty").mkdir()
    (tmp_path / "quick.toml").write_text("")
    assert completion.sweeps("qui") == ["quickstart", "quick.toml"]
    assert completion.sweeps("else/three/") == ["else/three/sweep.toml"]
    assert completion.results("") == ["results/one", "results/two"]
    assert completion.results("results/t") == ["results/two"]
    assert completion.results("./else/") == ["./else/three"]
    assert completion.results(f"{tmp_path}/else/") == [f"{tmp_path}/else/three"]
    assert completion.results("nowhere/") == []
