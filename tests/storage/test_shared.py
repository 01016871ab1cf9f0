"""Several commands on one database and one folder: every trial once, whoever dies, and whenever the database is away."""

import sys
from subprocess import PIPE, Popen

import pytest
from commands import process
from tiny import LINEAR, assert_same, computed, sweep

from sweepgd import load, search

GRID = LINEAR.replace("low = 1e-3, high = 0.3, log = true", "low = 0.001, high = {high}, step = 0.001").replace(
    "low = 0.1, high = 0.9", "low = 0.5, high = 0.9, step = 0.4"
)
LEASE = "import sys, sweepgd.storage.{0} as module; module.{1} = {2}; "


def command(file, storage, out, *more):
    return [*process("search", str(file), "--storage", storage, "--out", str(out), "--workers", "1", "-v"), *more]


def patched(file, storage, out, *more, lease):
    """The command with a shorter lease."""
    code = (
        f"import sys, sweepgd.storage.claims as claims, sweepgd.storage.join as join; claims.LEASE_SECONDS = {lease};"
        f" join.LEASE_SECONDS = {lease}; from sweepgd.cli import main; main()"
    )
    return [sys.executable, "-c", code, *command(file, storage, out, *more)[3:]]


def ended(commands):
    """What each command said, all of which must end well."""
    said = [started.communicate(timeout=300)[1] for started in commands]
    assert [started.returncode for started in commands] == [0] * len(commands), said
    return said


def start(arguments):
    return Popen(arguments, stdout=PIPE, stderr=PIPE, text=True)


def write(folder, text, *overrides):
    from sweepgd.sweep import to_toml

    path = folder / "shared.toml"
    path.write_text(to_toml(sweep(*overrides, text=text)))
    return path


def attemptless(table):
    return computed(table).drop_columns([name for name in ("attempt",) if name in table.column_names])


def assert_once(out, total):
    """Exactly the total, none missing, none twice, in the parts that any reader sees; and nothing is left behind."""
    trials = sorted(load(out).trials["trial"].to_pylist())
    assert trials == list(range(total))
    assert [path.name for path in sorted((out / "log").iterdir()) if path.is_dir()] == []


def study_of(kind, trials):
    if kind == "random":
        return LINEAR, (f"search.trials={trials}", "search.seed=5")
    rates = trials // 10  # 3 batch sizes, 2 optimizers, the second with 2 β: 9 points a rate; the rest is not asked for
    return GRID.replace("{high}", f"{(rates + 2) / 1000}"), ("search.sampler='grid'", f"search.trials={trials}")


@pytest.mark.parametrize("kind", ["grid", "random"])
@pytest.mark.parametrize(
    ("commands", "trials"), [(2, 50), *(pytest.param(count, 500, marks=pytest.mark.slow) for count in (2, 4, 8))]
)
def test_commands_divide_a_sweep(tmp_path, storage, kind, commands, trials):
    text, overrides = study_of(kind, trials)
    file, out = write(tmp_path, text, *overrides), tmp_path / "shared"
    ended([start(command(file, storage, out)) for _ in range(commands)])
    assert_once(out, trials)
    assert_same(search(sweep(*overrides, text=text), out=tmp_path / "alone", workers=1), load(out))
