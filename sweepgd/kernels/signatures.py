"""The signature of every kind of kernel for one floating-point type, declared as parameter names with types.

Arrays are C-contiguous. Data, layout and settings are read-only. `real` is float32 or float64. The inputs are of the same type,
or bytes (uint8) in the variants "float32:uint8" and "float64:uint8", for models that read bytes. Scalars that set a step
(learning_rate, hyperparameters) are always float64. A kernel must cast a float64 factor to `real` before it multiplies an array
by the factor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, signature
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from sweepgd.core.errors import SweepgdError
from sweepgd.kernels import compiling, function_pointers
from sweepgd.kernels.compile_errors import cause
from sweepgd.kernels.trainer import EvaluationResult

_INDEX = types.Array(types.int64, 1, "C", readonly=True)
_TABLE = types.Array(types.int64, 2, "C", readonly=True)
_SETTINGS = types.Array(types.float64, 1, "C", readonly=True)
_FLOAT, _INT = types.float64, types.int64
# Unsigned, so that no index of `range(lo, hi)` can be negative. Numba's check for negative indices would prevent vectorization,
# and loops would be 8 times slower.
_BOUND = types.uint64


@dataclass(frozen=True)
class KernelSignature:
    """The signature of one kind of kernel: the type of each parameter by name, in order, and the type of the result."""

    parameters: dict[str, Any]
    result: Any = types.void

    @property
    def numba(self) -> Any:
        """The signature as an object of Numba."""
        return self.result(*self.parameters.values())

    def fits(self, function: Callable[..., Any]) -> bool:
        """Return True if the function takes these parameters in this order.

        A parameter of the function may have a different name, but not the name that the signature has at another position.
        """
        given, names = list(signature(function).parameters.values()), list(self.parameters)
        positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        return (
            len(given) == len(names)
            and all(parameter.kind in positional for parameter in given)
            and all(own.name == name or own.name not in names for own, name in zip(given, names, strict=True))
        )


def variant(dtype: str, inputs: npt.DTypeLike) -> str:
    """Return the name of the signatures of kernels that compute in `dtype` and read inputs of the type `inputs`."""
    return f"{dtype}:uint8" if np.dtype(inputs) == np.uint8 else dtype


@cache
def signatures(dtype: str) -> dict[str, KernelSignature]:
    """Return the signatures by kind of kernel: the kernels of optimizers and models, and the loops of a run.

    `dtype` is "float32" or "float64", or a `variant` that reads bytes.
    """
    name, _, reads_bytes = dtype.partition(":")
    real: Any = {"float32": types.float32, "float64": types.float64}[name]
    vector = types.Array(real, 1, "C")
    frozen = types.Array(real, 1, "C", readonly=True)
    matrix = types.Array(real, 2, "C")
    data = types.Array(real, 2, "C", readonly=True)
    rows = types.Array(types.uint8, 2, "C", readonly=True) if reads_bytes else data

    rule = {"slots": matrix, "layout": _TABLE, "hyper": _SETTINGS}
    step = {"gradient": frozen, **rule, "learning_rate": _FLOAT, "t": _INT}
    part = {"buffers": vector, "inputs": rows, "targets": data}
    shape = {"layout": _TABLE, "settings": _SETTINGS}
    batch = {**part, "rows": _INDEX, **shape}
    image = {"height": _INT, "width": _INT, "channels": _INT}
    layer = {**image, "numbers": _SETTINGS, "key": _INT, "training": types.boolean}
    scratch = {"work": vector, "out": vector}
    kinds = {
        "update": KernelSignature({"theta": vector, **step, "lo": _BOUND, "hi": _BOUND}),
        "probe": KernelSignature({"theta": frozen, **step, "point": vector}),
        "evaluation": KernelSignature({"theta": frozen, **rule, "t": _INT, "point": vector}),
        # Returns the loss.
        "gradient": KernelSignature({"theta": frozen, **batch, "key": _INT, "training": types.boolean, **scratch}, _FLOAT),
        # Returns the loss and the error.
        "evaluate": KernelSignature({"theta": frozen, **part, **shape, "work": vector}, types.UniTuple(_FLOAT, 2)),
        # Returns the same as evaluate, and writes the gradient of the loss to `out`.
        "evaluate_with_gradient": KernelSignature({"theta": frozen, **part, **shape, **scratch}, types.UniTuple(_FLOAT, 2)),
        # Writes the model's outputs, (rows, outputs), which are logits of the classes or predicted targets.
        "predict": KernelSignature(
            {"theta": frozen, "buffers": vector, "inputs": rows, **shape, "work": vector, "outputs": matrix}
        ),
        "product": KernelSignature(
            {
                "theta": frozen,
                "direction": frozen,
                **batch,
                "gauss_newton": types.boolean,
                "fresh": types.boolean,
                "kept": vector,
                **scratch,
            }
        ),
        "second_moments": KernelSignature({"theta": frozen, **batch, "fisher": types.boolean, **scratch}),
        # The two passes of a layer of a plugin, over rows of inputs x and outputs y. The second one adds to dx and dparameters.
        "forward": KernelSignature({"parameters": frozen, "x": data, "y": matrix, **layer}),
        "backward": KernelSignature(
            {
                **{"parameters": frozen, "x": data, "y": data, "dy": data, "dx": matrix, "dparameters": vector},
                **layer,
            }
        ),
        "flush": KernelSignature({}, _INT),
        "restore": KernelSignature({"before": _INT}),
    }

    def pointer(kind: str) -> Any:
        return function_pointers.KernelPointer(kinds[kind].numba)

    # Returns the number of updates and the losses of the last two mini-batches.
    kinds["train"] = KernelSignature(
        {
            "gradient": pointer("gradient"),
            "update": pointer("update"),
            "probe": pointer("probe"),
            "has_probe": types.boolean,
            "theta": vector,
            "buffers": vector,
            "slots": matrix,
            **shape,
            "hyper": _SETTINGS,
            "inputs": rows,
            "targets": data,
            "order": _INDEX,
            "bounds": _INDEX,
            "learning_rates": _SETTINGS,
            "first": _INT,
            "weight_decay": _FLOAT,
            "key": _INT,
            "limit": _FLOAT,
            **scratch,
            "point": vector,
        },
        types.Tuple((_INT, _FLOAT, _FLOAT)),
    )
    kinds["evaluate_parts"] = KernelSignature(
        {
            "gradient": pointer("gradient"),
            "evaluate": pointer("evaluate"),
            "evaluate_with_gradient": pointer("evaluate_with_gradient"),
            "at_once": types.boolean,
            "with_norm": types.boolean,
            "theta": vector,
            "buffers": vector,
            **shape,
            "train_inputs": rows,
            "train_targets": data,
            "validation_inputs": rows,
            "validation_targets": data,
            "test_inputs": rows,
            "test_targets": data,
            "rows": _INDEX,
            "chunk": _INT,
            **scratch,
            "total": vector,
        },
        types.NamedUniTuple(_FLOAT, len(EvaluationResult._fields), EvaluationResult),
    )
    return kinds


def parameter_fault(kind: str, function: Callable[..., Any]) -> str | None:
    """Return the difference between the function's parameters and the parameters of its kind, in words that follow a plugin's
    name, or None.
    """
    expected = signatures("float32")[kind]
    if expected.fits(function):
        return None
    given = f"{getattr(function, '__name__', kind)}{signature(function)}"
    return f"has the {kind} {given}, but the contract asks for {kind}({', '.join(expected.parameters)})"


@cache
def compiled(kind: str, function: Callable[..., Any], dtype: str) -> Callable[..., Any]:
    """Return a kernel of one kind ("update", "gradient", …), compiled for arrays of `dtype`.

    Raises SweepgdError if the function does not have the parameters of its kind, or if Numba cannot compile the function.
    """
    if fault := parameter_fault(kind, function):
        raise SweepgdError(f"it {fault}")
    try:
        return compiling.compiled(function, signatures(dtype)[kind].numba)
    except Exception as error:  # Numba raises exceptions of many types
        raise SweepgdError(f"its {kind} does not compile for {dtype}: {cause(error, function)}") from error


def is_compiled(kind: str, function: Callable[..., Any], dtype: str) -> bool:
    """Return True if `compiled` will find the kernel in the cache of an earlier process."""
    return compiling.is_compiled(function, signatures(dtype)[kind].numba)


@cache
def address(kind: str, function: Callable[..., Any], dtype: str) -> int | Callable[..., Any]:
    """Return the compiled kernel as an argument of other kernels (`sweepgd.kernels.function_pointers.address`)."""
    return function_pointers.address(compiled(kind, function, dtype))


@cache
def entry(kind: str, function: Callable[..., Any], dtype: str) -> Callable[..., Any]:
    """Return the compiled kernel as a function without type checks, which Python calls fastest (see
    `sweepgd.kernels.compiling.entry`).
    """
    return compiling.entry(compiled(kind, function, dtype))
