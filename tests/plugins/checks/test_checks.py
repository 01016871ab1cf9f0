"""The checks of optimizers: each broken rule fails the check of its fault, even if it crashes, and those of sweepgd pass."""

import ast
import re
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweepgd import plugin, testing
from sweepgd.core.errors import UsageError
from sweepgd.plugins import checks

# For each rule in broken/: the check that fails and part of its message.
FAULTS = {
    "swapped": ("contract", "update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi)"),
    "newer": ("contract", "is for version 2 of the optimizer contract"),
    "outside": ("settings", "beta: its default 0.9 is outside its range 0.1 … 0.5"),
    "twice": ("slots", "slots named twice: mean"),
    "untyped": ("compiles", "update does not compile for float32"),
    "raises": ("finite", "raises ValueError: three is enough"),
    "edge": ("finite", "writes nan to theta in update 1 of ordinary gradients (float32, beta = 1)"),
    "rooted": ("finite", "writes nan to theta in update 1 of ordinary gradients (float32, learning_rate = 0.001)"),
    "normalized": ("zero", "writes nan to theta in update 1 of gradients of 0 from the start (float32)"),
    "halted": ("zero", "writes nan to theta in update 1 of a rate of 0 (float32)"),
    "random": ("deterministic", "equal inputs give different values of theta in update 1 (float32)"),
    "beside": ("bounds", "writes beyond the end of theta in update 1 (float32)"),
    "wide": ("bounds", "writes beyond the 1 numbers of slot count in update 1 (float32)"),
    "onward": ("bounds", "reads or writes beyond the end of a slot in update 1 (float32)"),
    "distant": ("bounds", "changes the gradient in update 1 (float32)"),
    "greedy": ("ranges", "for [0, 1), it changes theta at 1 (float32): stay within [lo, hi), or set elementwise=False"),
    "half": ("probe", "probe (float32) leaves 37 of the 75 numbers of point unwritten"),
    "restless": ("evaluation", "evaluation changes the slots after 0 updates (float32)"),
    "cancelling": ("precision", "float32 and float64 differ by"),
    "recompiling": ("trainer", "a second run compiles again; functions compiled: 1"),
    "ascending": ("quadratic", "must get below 1.2"),
    "shrinking": ("rosenbrock", "must get below 0.05"),
    "leaking": (
        "types",
        "float64 in a float32 loop, in leaking.py: line 9, 'velocity = 0.9 * slots[0, i] + gradient[i]'; cast numbers",
    ),
    "overflowing": ("python", "compiled code for float32 and plain Python differ by"),
    "reading": ("python", "without JIT, the check raises IndexError"),
    "hungry": ("finite", "raises MemoryError"),
    "hanging": ("finite", "did not return within 3 s"),
    "crashing": ("finite", "its process ended by signal SIGSEGV"),
    "exiting": ("finite", "its process ended with exit code 3"),
    "closing": ("finite", "closed its connection"),
}


def broken(name):
    return getattr(import_module(f"plugins.checks.broken.{name}"), name)


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_rule_fails_the_check_of_its_fault(name):
    checks = testing.checks(broken(name), seconds=2 if name in ("hanging", "closing") else testing.SECONDS)
    first = next(finding for finding in checks if finding.outcome == testing.FAILED)
    checks.close()
    check, words = FAULTS[name]
    assert first.name == check
    assert words in first.detail


@pytest.mark.parametrize("name", [each.name for each in testing.plugins_of("sweepgd") if each.kind == "optimizers"])
def test_a_rule_of_sweepgd_passes(name):
    testing.check(name)


def test_a_rule_with_the_wrong_sign_gets_a_hint():
    found = {finding.name: finding for finding in testing.checks(broken("ascending"))}
    assert found["quadratic"].detail.endswith("; the loss grows at every rate: is the sign of the step wrong?")


def test_the_output_of_a_rule_is_counted_and_left_out(capfd):
    found = {finding.name: finding for finding in testing.checks(broken("talking"))}
    assert testing.failures(list(found.values())) == []
    printed = re.fullmatch(r"it prints ([\d,]+) lines \(left out here\); the first is 'talking is imported'", found["output"].detail)
    assert int(printed[1].replace(",", "")) > 50_000
    assert "step" not in "".join(capfd.readouterr())


def test_a_step_that_allocates_passes_and_is_reported():
    found = {finding.name: finding for finding in testing.checks(broken("allocating"))}
    assert testing.failures(list(found.values())) == []
    assert found["memory"].detail.startswith("a step allocates memory 1 times")


def test_an_object_of_another_type():
    with pytest.raises(AssertionError) as error:
        testing.check(SimpleNamespace(name="thing"))
    assert "FAILED contract      is of type SimpleNamespace, not sweepgd.plugin.Optimizer" in str(error.value)


def test_no_such_plugin_or_distribution():
    with pytest.raises(UsageError, match="no plugin, distribution or file called 'adm' is known: did you mean 'adam'"):
        testing.plugins_of("adm")
    with pytest.raises(UsageError, match="the distribution 'pytest' offers no plugin"):
        testing.plugins_of("pytest")


def test_messages_name_the_public_interface_alone():
    """Names such as sweepgd.plugin.rate, in every text of the checks: an author may import nothing else."""
    texts = [
        node.value
        for path in Path(checks.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = {name for text in texts for name in re.findall(r"sweepgd\.\w[\w.]*\w", text)}
    public = {f"{module.__name__}.{name}" for module in (plugin, testing) for name in module.__all__}
    assert {"sweepgd.plugin.rate", "sweepgd.plugin.layout_of", "sweepgd.plugin.Table"} <= named <= public | {"sweepgd.testing"}
