"""A plugin that does not load or breaks its contract gives one line when it is used, and is listed with the reason."""

import json
from pathlib import Path

import pytest
from commands import call
from distributions import distribution
from linear_sweep import LINEAR, statuses, sweep_file

from sweepgd import load
from sweepgd.plugins import registry

PLUGINS = Path(__file__).parent / "plugins"
ASKED = "update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi)"
# For each plugin: its entry point, and the message after its name and distribution.
BROKEN = {
    "unimportable": ("unimportable:rule", "does not load: ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
    "leaver": ("leaver:rule", "does not load: SystemExit: usage: leaver FILE"),
    "missing": ("unfit:missing", "does not load: AttributeError: module 'unfit' has no attribute 'missing'"),
    "number": ("unfit:number", "is of type float, not Optimizer: fix its entry point, or uninstall it"),
    "newer": (
        "unfit:newer",
        "is for version 2 of the optimizer contract, but this sweepgd has version 1: install versions that match",
    ),
    "short_update": (
        "unfit:short_update",
        f"has the update short(theta, gradient, slots, layout, hyper, learning_rate), but the contract asks for {ASKED}",
    ),
    "swapped_update": (
        "unfit:swapped_update",
        "has the update swapped(theta, slots, gradient, layout, hyper, learning_rate, t, lo, hi),"
        f" but the contract asks for {ASKED}",
    ),
    "bad_probe": (
        "unfit:bad_probe",
        "has the probe probe(theta, gradient, point), but the contract asks for"
        " probe(theta, gradient, slots, layout, hyper, learning_rate, t, point)",
    ),
    "bad_evaluation": (
        "unfit:bad_evaluation",
        "has the evaluation evaluation(theta, slots, layout, hyper, t, *point), but the contract asks for"
        " evaluation(theta, slots, layout, hyper, t, point)",
    ),
    "no_rate": (
        "unfit:no_rate",
        "has the learning_rate 0.1: declare its default and range with rate(default, low, high)",
    ),
    "no_setting": ("unfit:no_setting", "has the hyperparameter {'beta': 0.9}: declare it as a Setting"),
    "no_comma": (
        "unfit:no_comma",
        "has hyperparameters of type Setting: give a tuple, such as (Setting(…),)",
    ),
    "no_paper": ("unfit:no_paper", "has the paper None: give a text"),
    "no_text": ("unfit:no_text", "has the name None: give a text"),
    "slot_without_comma": (
        "unfit:slot_without_comma",
        "has the slots 'mean': give a tuple of names, such as ('mean',), or a function of the layout",
    ),
    "numbered_slots": (
        "unfit:numbered_slots",
        "has the slots (1, 2): give a tuple of names, such as ('mean',), or a function of the layout",
    ),
    "other_name": ("unfit:other_name", "has the name 'another': give it the name of its entry point"),
}
# For each rule: the reason why it does not compile.
UNCOMPILABLE = {
    "undecorated": "Untyped global name 'halved': Cannot determine Numba type of <class 'function'>;"
    " decorate functions that a kernel calls with sweepgd.plugin.helper (uncompilable.py, line 19)",
    "in_helper": "Unknown attribute 'norm' of type readonly array(float32, 1d, C) (uncompilable.py, line 15)",
    "writes_gradient": "Cannot modify readonly array of type: readonly array(float32, 1d, C) (uncompilable.py, line 27)",
    "added": "no implementation of add(Literal[str](a), readonly array(float32, 1d, C)) (uncompilable.py, line 31)",
    "unknown": "NameError: name 'unheard_of' is not defined (uncompilable.py, line 35)",
    "opens": "The 'with (context manager) as (variable):' construct is not supported (uncompilable.py, line 38)",
}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command line in this process, with the broken plugins installed."""
    modules = {f"{name}.py": PLUGINS / f"{name}.py" for name in ("unimportable", "leaver", "unfit", "uncompilable")}
    offered = {name: value for name, (value, _) in BROKEN.items()}
    offered |= {name: f"uncompilable:{name}_rule" for name in UNCOMPILABLE}
    site = distribution(tmp_path / "site", "broken-rules", modules, version="0.3", optimizers=offered)
    modules = {"rival.py": "raise ImportError('nobody may choose me')"}
    distribution(site, "rivals", modules, optimizers={"nadam": "rival:nadam"}, schedules={"cosine": "rival:cosine"})
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)
    for look_up in (registry._points, registry.get):
        look_up.cache_clear()
    yield lambda *arguments: call(monkeypatch, capsys, *arguments)
    for look_up in (registry._points, registry.get):
        look_up.cache_clear()


def chosen(kind: str, name: str) -> tuple[str, ...]:
    """Return the overrides that make the linear sweep run only this optimizer or schedule."""
    return ("--set", f"space.{kind}='{name}'", *(("--set", "optimizer={}") if kind == "optimizer" else ()))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_refused_in_one_line_when_it_is_used(name, run, tmp_path):
    refused = run("search", sweep_file(tmp_path), *chosen("optimizer", name), "--out", "out")
    assert refused == (1, "", f"sweepgd: optimizer {name!r} of broken-rules 0.3 {BROKEN[name][1]}\n")
    assert not Path("out").exists()


@pytest.mark.parametrize(("kind", "name"), [("optimizer", "nadam"), ("schedule", "cosine")])
def test_a_name_offered_by_two_distributions_is_refused_with_both(kind, name, run, tmp_path):
    refused = run("search", sweep_file(tmp_path), *chosen(kind, name), "--out", "out")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err in {
        f"sweepgd: {kind} {name!r} of {one} and {other} is offered by more than one distribution: uninstall all but one\n"
        for one, other in (("sweepgd 0.1.0", "rivals 1.0"), ("rivals 1.0", "sweepgd 0.1.0"))
    }


def test_broken_plugins_are_listed_with_their_reasons(run, tmp_path):
    listed = run("list", "optimizers", "--json")
    assert (listed.code, listed.err) == (0, "")
    rows = json.loads(listed.out)
    theirs = {row["name"]: row["error"] for row in rows if row["distribution"] == "broken-rules"}
    expected = {name: f"optimizer {name!r} of broken-rules 0.3 {reason}" for name, (_, reason) in BROKEN.items()}
    assert theirs == expected | dict.fromkeys(UNCOMPILABLE)  # found only when they are compiled
    contended = [row for row in rows if row["name"] == "nadam"]
    assert {row["distribution"] for row in contended} == {"sweepgd", "rivals"}
    assert all("is offered by more than one distribution" in row["error"] for row in contended)
    sound = {row["name"] for row in rows if row["error"] is None and row["distribution"] == "sweepgd"}
    assert {"sgd", "adam"} <= sound
    shown = run("list", "optimizers")
    assert (shown.code, shown.err) == (0, "")
    assert "No module named" in shown.out
    searched = run("search", sweep_file(tmp_path), "--out", "out", "--workers", "1", "--quiet")
    assert (searched.code, searched.err) == (0, "")
    assert statuses(load("out")) == ["completed"] * 6


@pytest.mark.parametrize("name", UNCOMPILABLE)
def test_a_rule_that_does_not_compile_is_refused_before_any_trial(name, run, tmp_path):
    refused = run("search", sweep_file(tmp_path), *chosen("optimizer", name), "--out", "out", "--quiet")
    said = f"optimizer {name!r} of broken-rules 0.3: its update does not compile for float32: {UNCOMPILABLE[name]}"
    assert refused == (1, "", f"sweepgd: {said}\n")
    assert load("out").trials.num_rows == 0


def test_only_plugins_in_use_are_imported(run, tmp_path):
    text = LINEAR.replace("trials = 6", "trials = 1")
    marks = {"marking.py": f"open({str(tmp_path / 'imported')!r}, 'a').close()"}
    distribution(tmp_path / "site", "marks", marks, optimizers={"marking": "marking:rule"})
    registry._points.cache_clear()
    assert "marking" in registry.names("optimizers")
    for arguments in (("search", sweep_file(tmp_path, text), "--out", "out", "--quiet"), ("list", "schedules")):
        assert run(*arguments).code == 0
        assert not (tmp_path / "imported").exists()
    assert run("list", "optimizers").code == 0
    assert (tmp_path / "imported").exists()
