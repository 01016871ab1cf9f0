"""Checks of a plugin's declaration, before any code of the plugin is compiled or run."""

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import Layout, parameter_count
from sweepgd.core.setting import Setting
from sweepgd.data import Dataset
from sweepgd.models import Model
from sweepgd.optimizers import API_VERSION, Optimizer
from sweepgd.plugins import registry
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.step_harness import LAYOUT
from sweepgd.schedules import Schedule


def contract(plugin: Any) -> str:
    """Check the type of a plugin, the contract version, and the arguments of its functions."""
    kind = next((kind for kind, contract in registry.CONTRACTS.items() if isinstance(plugin, resolve_name(contract))), None)
    if kind is None:
        raise Flaw(f"is of type {type(plugin).__name__}, not sweepgd.plugin.Optimizer")
    broken = registry.fault(kind, plugin.name, plugin)
    if broken is not None:
        raise Flaw(broken)
    if kind != "optimizers":
        return f"a {type(plugin).__name__} with valid fields"
    kinds = ", ".join(plugin.functions)
    return f"an Optimizer for version {API_VERSION}; its functions take the contract's arguments: {kinds}"


def numbers(optimizer: Optimizer) -> str:
    """Check that the learning rate and all hyperparameters are numbers with valid ranges, because kernels take float64."""
    declared = (optimizer.learning_rate, *optimizer.hyperparameters)
    for setting in declared:
        if isinstance(setting.default, bool) or not isinstance(setting.default, (int, float)):
            raise Flaw(f"{setting.name}: its default {setting.default!r} is not a number, but kernels take float64")
    if declared[0].name != "learning_rate":
        raise Flaw(f"learning_rate is a setting with the name {declared[0].name!r}: make it with sweepgd.plugin.rate")
    if optimizer.learning_rate.low is None or optimizer.learning_rate.high is None:
        raise Flaw("learning_rate has no range to search: make it with sweepgd.plugin.rate")
    return _sound(declared)


def settings(plugin: Model | Dataset | Schedule) -> str:
    """Check that all settings have valid defaults and ranges, and that no name occurs twice."""
    return _sound(plugin.settings) if plugin.settings else "none"


def _sound(declared: Sequence[Setting]) -> str:
    names = [setting.name for setting in declared]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Flaw(f"declared twice: {', '.join(twice)}")
    for setting in declared:
        _range(setting)
    return f"{len(declared)} with valid defaults and ranges: {', '.join(names)}"


def _range(setting: Setting) -> None:
    try:
        for value in (setting.default, setting.low, setting.high):
            if value is not None:
                setting.check(value, "declared")
    except SweepgdError as problem:
        raise Flaw(str(problem)) from None
    if (setting.low is None) != (setting.high is None):
        raise Flaw(f"{setting.name}: its range has only one end, low = {setting.low} and high = {setting.high}")
    if setting.low is None or setting.high is None:
        return
    if not setting.low < setting.high:
        raise Flaw(f"{setting.name}: its range from {setting.low:g} to {setting.high:g} is empty")
    if setting.log and setting.low <= 0:
        raise Flaw(f"{setting.name}: a logarithmic range cannot start at {setting.low:g}")
    if isinstance(setting.default, bool) or not isinstance(setting.default, (int, float)):
        return  # a text, or None for a value that is derived from other settings
    off = setting.log and setting.default == 0  # 0 turns the setting off, but a logarithmic range cannot contain 0
    if not (setting.low <= setting.default <= setting.high or off):
        raise Flaw(f"{setting.name}: its default {setting.default:g} is outside its range {setting.low:g} … {setting.high:g}")


def lengths_of(optimizer: Optimizer, layout: Layout) -> dict[str, int]:
    """Return the length of each slot for a layout, by name."""
    if callable(optimizer.slots):
        return dict(optimizer.slots(layout))
    return dict.fromkeys(optimizer.slots, parameter_count(layout))


def slots(optimizer: Optimizer) -> str:
    """Check that each slot has a unique name and a length. Slots hold the state of a rule."""
    if not callable(optimizer.slots):
        twice = sorted({name for name in optimizer.slots if optimizer.slots.count(name) > 1})
        if twice:
            raise Flaw(f"slots named twice: {', '.join(twice)}")
    lengths = lengths_of(optimizer, LAYOUT)
    for name, length in lengths.items():
        if not isinstance(length, int) or length < 0:
            raise Flaw(f"slots(layout)[{name!r}] is {length!r}: give a whole number, such as int(…)")
    listed = ", ".join(f"{name} ({length})" for name, length in lengths.items())
    return f"{listed} for {parameter_count(LAYOUT)} parameters" if lengths else "none"
