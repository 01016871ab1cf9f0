"""`--plugin FILE.py`: plugins without packaging, in the driver and its workers, for one run."""

import hashlib
import os
import sys
import tomllib

import pytest
from commands import call, completed
from linear_sweep import sweep, sweep_file

from sweepgd import search, train
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.plugins import registry
from sweepgd.plugins.single_file import registered

RULE = """
from dataclasses import replace

from sweepgd.kernels import helper
from sweepgd.optimizers import Optimizer, rate
from sweepgd.optimizers.momentum import momentum


@helper
def step(gradient, eta):
    return {factor} * eta * gradient


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= step(gradient[i], eta)


plain = again = Optimizer(name="plain", update=update, learning_rate=rate(0.1, 1e-3, 1.0), paper="θ ← θ − ηg")
heavy = replace(momentum, name="heavy")
"""
RATES = """
from sweepgd.schedules import Schedule

half = Schedule("half", lambda clock: 0.5 + 0 * clock.epochs, (), False, "", "half the base rate throughout")
"""


@pytest.fixture
def rule(tmp_path):
    """A file that defines two optimizers, SGD and momentum under other names, and imports others."""
    path = tmp_path / "my-rule.py"
    path.write_text(RULE.format(factor=1), encoding="utf-8")
    return path


def trial(optimizer, schedule="constant", out=None, plugins=()):
    """Run one linear regression and return its parameters."""
    overrides = ["data.rows=50", "data.split='tail'"]
    run = train("synthetic_linear", "linear", optimizer, 0.1, 5, 2, schedule, overrides=overrides, plugins=plugins, out=out)
    return run.parameters.tolist()


def test_a_registered_file_offers_its_plugins(rule):
    with registered([rule]):
        assert set(registry.names("optimizers")) >= {"plain", "heavy", "momentum"}
        assert registry.origin("optimizers", "plain") == f"optimizer 'plain' of {rule}"
        assert registry.get("optimizers", "heavy").slots == registry.get("optimizers", "momentum").slots
    assert not {"plain", "heavy"} & set(registry.names("optimizers"))
    with pytest.raises(UsageError, match="unknown optimizer 'plain'"):
        registry.get("optimizers", "plain")


def test_workers_have_the_plugins_and_the_digest_is_recorded(rule, tmp_path):
    both = sweep(
        "space.optimizer=['sgd','plain','momentum','heavy']", "space.learning_rate=0.1", "space.batch_size=5",
        "optimizer={}", "search.sampler='grid'", "search.trials=4",
    )  # fmt: skip
    results = search(both, out=tmp_path / "out", workers=2, plugins=[rule])
    losses = {row["optimizer"]: row["validation_loss"] for row in results.trials.to_pylist() if row["status"] == "completed"}
    assert losses["plain"] == losses["sgd"] != losses["momentum"] == losses["heavy"]
    recorded = tomllib.loads(results.sweep_toml)["plugins"]
    assert recorded == {"my-rule.py": hashlib.sha256(rule.read_bytes()).hexdigest()}


def test_several_files_and_an_edited_file(rule, tmp_path):
    rates = tmp_path / "rates.py"
    rates.write_text(RATES, encoding="utf-8")
    assert trial("plain", plugins=[rule]) == trial("sgd")
    slow = trial("plain", "half", plugins=[rule, rates])
    assert slow == trial("sgd", "half", plugins=[rates]) != trial("sgd")
    rule.write_text(RULE.format(factor=0.5), encoding="utf-8")
    assert trial("plain", plugins=[rule]) == slow


def test_a_search_continues_only_with_the_same_file(rule, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = sweep_file(tmp_path)
    command = ("search", path, "--workers", "1", "--set", "space.optimizer='plain'", "--trials")
    assert call(monkeypatch, capsys, *command, "1", "--plugin", "my-rule.py").code == 0
    absent = call(monkeypatch, capsys, *command, "2")
    assert (absent.code, absent.err.partition(":")[2].partition(":")[0]) == (2, " unknown optimizer 'plain'")
    rerun = call(monkeypatch, capsys, "search", "results/example/sweep.toml")
    assert (rerun.code, rerun.err) == (2, "sweepgd: the sweep was run with a plugin file my-rule.py: give it with --plugin\n")
    assert call(monkeypatch, capsys, *command, "2", "--plugin", "my-rule.py").code == 0
    rule.write_text(RULE.format(factor=2), encoding="utf-8")
    changed = call(monkeypatch, capsys, *command, "3", "--plugin", "my-rule.py")
    assert changed.code == 1
    assert changed.err.startswith("sweepgd: results/example holds another sweep: plugins.my-rule.py: ")
    again = call(monkeypatch, capsys, "search", "results/example/sweep.toml", "--plugin", "my-rule.py")
    advice = "remove its line from [plugins] to run the sweep with the new file"
    assert again.err == f"sweepgd: my-rule.py has changed since the sweep was run: {advice}\n"


def test_dry_run_and_train_accept_a_plugin_file(rule, tmp_path, monkeypatch, capsys):
    shown = call(
        monkeypatch, capsys, "search", sweep_file(tmp_path), "--dry-run", "--plugin", str(rule),
        "--set", "space.optimizer='plain'",
    )  # fmt: skip
    assert (shown.code, shown.err) == (0, "")
    trained = call(
        monkeypatch, capsys, "train", "--plugin", str(rule), "--optimizer", "plain", "--data", "synthetic_linear",
        "--model", "linear", "--epochs", "1",
    )  # fmt: skip
    assert trained.code == 0
    assert "completed: budget spent" in trained.out


def refusal(*files):
    with pytest.raises(SweepgdError) as problem, registered(files):
        pass
    assert "\n" not in str(problem.value)
    return str(problem.value)


def test_a_used_name_is_refused_with_both_sources(rule, tmp_path):
    rule.write_text(RULE.format(factor=1).replace('name="heavy"', 'name="adam"'), encoding="utf-8")
    installed = registry.origin("optimizers", "adam")
    assert refusal(rule) == f"{installed} exists already, but {rule} uses the name too: rename one of them"
    assert "plain" not in registry.names("optimizers")
    rule.write_text(RULE.format(factor=1), encoding="utf-8")
    other = tmp_path / "other.py"
    other.write_bytes(rule.read_bytes())
    assert refusal(rule, other) == (
        f"optimizer 'plain' of {rule} exists already, but {other} uses the name too: rename one of them"
    )
    assert refusal(rule, rule) == "two plugin files are called my-rule.py: rename one of them, or give it only once"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = (", "does not run: SyntaxError: '(' was never closed"),
        ("import no_such_module", "does not run: ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(0)", "does not run: SystemExit: 0"),
        ("import pytest\npytest.skip('no GPU', allow_module_level=True)", "does not run: Skipped: no GPU"),
        (RULE.format(factor=1).replace('"plain"', "None"), "has the name None: give a text"),
        ("from sweepgd.optimizers.sgd import sgd", "defines no Optimizer, Model, Layer, Dataset or Schedule: "),
    ],
)
def test_an_invalid_file_is_refused_in_one_line(rule, text, reason):
    rule.write_text(text, encoding="utf-8")
    assert f"{rule} {reason}" in refusal(rule)


def test_a_file_that_does_not_run_leaves_no_module(rule):
    rule.write_text("raise ValueError(1)", encoding="utf-8")
    before = set(sys.modules)
    assert refusal(rule) == f"the plugin file {rule} does not run: ValueError: 1"
    assert not {name for name in set(sys.modules) - before if name.startswith("_one_off_")}


def test_a_path_without_a_file_is_refused(tmp_path):
    assert refusal(tmp_path / "none.py") == f"there is no plugin file '{tmp_path / 'none.py'}'"
    assert refusal(tmp_path) == f"cannot read the plugin file {tmp_path}: Is a directory"


KEEPS = """
import os

kept = [open(os.environ["KEPT"], "w")]
kept.append(kept)  # a cycle
kept[0].write("what it noted")
"""


def test_files_that_a_plugin_leaves_open_are_flushed_at_exit(rule, tmp_path):
    """The exit skips the teardown of imported modules, but must still flush open files."""
    rule.write_text(rule.read_text() + KEEPS)
    given = ("--data", "synthetic_linear", "--model", "linear", "--optimizer", "plain", "--epochs", "1", "--plugin", str(rule))
    ended = completed("train", *given, env=os.environ | {"KEPT": str(tmp_path / "kept")})
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "kept").read_text() == "what it noted"
