"""Check an optimizer's declaration against the contract, without compiling or running it."""

from inspect import isfunction

from sweepgd.core.setting import Setting
from sweepgd.core.setting import fault as settings_fault
from sweepgd.kernels.signatures import parameter_fault
from sweepgd.optimizers.contract import API_VERSION, Optimizer


def fault(optimizer: Optimizer) -> str | None:
    """Return the first violation of the contract, in words that follow the plugin's name, or None."""
    if optimizer.api_version != API_VERSION:
        return (
            f"is for version {optimizer.api_version} of the optimizer contract, but this sweepgd has version {API_VERSION}: "
            "install versions that match"
        )
    for field in ("name", "paper"):
        if not isinstance(text := getattr(optimizer, field), str):
            return f"has the {field} {text!r}: give a text"
    for kind in ("update", "probe", "evaluation"):
        function = getattr(optimizer, kind)
        if function is None and kind != "update":
            continue
        if not isfunction(function):
            return f"has a {type(function).__name__} as its {kind}: give the plain Python function, which sweepgd compiles"
        if (found := parameter_fault(kind, function)) is not None:
            return found
    if not isinstance(optimizer.learning_rate, Setting):
        return f"has the learning_rate {optimizer.learning_rate!r}: declare its default and range with rate(default, low, high)"
    slots = optimizer.slots
    if not callable(slots) and not (isinstance(slots, tuple) and all(isinstance(name, str) for name in slots)):
        return f"has the slots {slots!r}: give a tuple of names, such as ('mean',), or a function of the layout"
    return settings_fault(optimizer.hyperparameters, "hyperparameters")
