"""Check an optimizer's declaration against the contract, without compiling or running it."""

from collections.abc import Callable
from inspect import Parameter, isfunction, signature

from sweepgd.optimizers.contract import API_VERSION, Optimizer
from sweepgd.setting import Setting
from sweepgd.setting import fault as settings_fault

PARAMETERS = {
    "update": ("theta", "gradient", "slots", "layout", "hyper", "learning_rate", "t", "lo", "hi"),
    "probe": ("theta", "gradient", "slots", "layout", "hyper", "learning_rate", "t", "point"),
    "evaluation": ("theta", "slots", "layout", "hyper", "t", "point"),
}


def fault(optimizer: Optimizer) -> str | None:
    """Return the first violation of the contract, as a predicate of the plugin's name, or None."""
    if optimizer.api_version != API_VERSION:
        return (
            f"is for version {optimizer.api_version} of the optimizer contract, and this sweepgd has {API_VERSION}:"
            " install versions that fit each other"
        )
    for field in ("name", "paper"):
        if not isinstance(text := getattr(optimizer, field), str):
            return f"has the {field} {text!r}: give a text"
    for kind, parameters in PARAMETERS.items():
        function = getattr(optimizer, kind)
        if function is None and kind != "update":
            continue
        if not isfunction(function):
            return f"has a {type(function).__name__} as its {kind}: give the plain Python function, which sweepgd compiles"
        if not _takes(function, parameters):
            given, required = f"{function.__name__}{signature(function)}", f"{kind}({', '.join(parameters)})"
            return f"has the {kind} {given}, and the contract asks for {required}"
    if not isinstance(optimizer.learning_rate, Setting):
        return f"has the learning_rate {optimizer.learning_rate!r}: declare its default and range by rate(default, low, high)"
    slots = optimizer.slots
    if not callable(slots) and not (isinstance(slots, tuple) and all(isinstance(name, str) for name in slots)):
        return f"has the slots {slots!r}: give a tuple of names, ('mean',) with a comma for one, or a function of the layout"
    return settings_fault(optimizer.hyperparameters, "hyperparameters")


def _takes(function: Callable, parameters: tuple[str, ...]) -> bool:
    """Return whether a function has the contract's parameters: other names are valid, a different order is not."""
    given = signature(function).parameters.values()
    named = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return (
        len(given) == len(parameters)
        and all(parameter.kind in named for parameter in given)
        and all(
            parameter.name == expected or parameter.name not in parameters
            for parameter, expected in zip(given, parameters, strict=True)
        )
    )
