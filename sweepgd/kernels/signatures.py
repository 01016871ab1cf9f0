"""The fixed signature of every kind of kernel, for one floating-point type: what crosses the door, in which order.

Arrays are C-contiguous; data, layout and settings are read-only. `real` is float32 or float64. Scalars that set a step
(learning_rate, hyperparameters) are float64 whatever `real` is: a kernel casts what it multiplies arrays by.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import types

from sweepgd.kernels import pointers, policy
from sweepgd.kernels.causes import cause
from sweepgd.problem import Problem

_INDEX = types.Array(types.int64, 1, "C", readonly=True)
_TABLE = types.Array(types.int64, 2, "C", readonly=True)
_SETTINGS = types.Array(types.float64, 1, "C", readonly=True)
_NUMBERS = types.Array(types.float64, 1, "C")
_FLOAT, _INT = types.float64, types.int64
# Unsigned, so that no index of `range(lo, hi)` can be negative: Numba's test for that keeps a loop from vectorizing (8 times).
_BOUND = types.uint64


@cache
def signatures(dtype: str) -> dict[str, Any]:
    """The signatures by kind of kernel: of an optimizer update, probe, evaluation; of a model gradient, evaluate, product,
    second_moments; of the loops train, measure; flush, restore."""
    real: Any = {"float32": types.float32, "float64": types.float64}[dtype]
    vector = types.Array(real, 1, "C")
    frozen = types.Array(real, 1, "C", readonly=True)
    matrix = types.Array(real, 2, "C")
    data = types.Array(real, 2, "C", readonly=True)

    # update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi)
    update = types.void(vector, frozen, matrix, _TABLE, _SETTINGS, _FLOAT, _INT, _BOUND, _BOUND)
    # probe(theta, gradient, slots, layout, hyper, learning_rate, t, point)
    probe = types.void(frozen, frozen, matrix, _TABLE, _SETTINGS, _FLOAT, _INT, vector)
    # evaluation(theta, slots, layout, hyper, t, point)
    evaluation = types.void(frozen, matrix, _TABLE, _SETTINGS, _INT, vector)
    # gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out) -> loss
    gradient = _FLOAT(frozen, vector, data, data, _INDEX, _TABLE, _SETTINGS, _INT, types.boolean, vector, vector)
    # evaluate(theta, buffers, inputs, targets, layout, settings, work) -> (loss, error)
    evaluate = types.UniTuple(_FLOAT, 2)(frozen, vector, data, data, _TABLE, _SETTINGS, vector)
    # product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out)
    product = types.void(
        frozen, frozen, vector, data, data, _INDEX, _TABLE, _SETTINGS, types.boolean, types.boolean, vector, vector, vector
    )
    # second_moments(theta, buffers, inputs, targets, rows, layout, settings, fisher, work, out)
    second_moments = types.void(frozen, vector, data, data, _INDEX, _TABLE, _SETTINGS, types.boolean, vector, vector)

    pointer = pointers.KernelPointer
    train_signature = types.Tuple((_INT, _FLOAT, _FLOAT))(
        pointer(gradient), pointer(update), pointer(probe), types.boolean,
        vector, vector, matrix, _TABLE, _SETTINGS, _SETTINGS,
        data, data, _INDEX, _INDEX, _SETTINGS, _INT,
        _FLOAT, _INT, _FLOAT, vector, vector, vector,
    )  # fmt: skip
    measure_signature = types.void(
        pointer(gradient), pointer(evaluate), vector, vector, _TABLE, _SETTINGS,
        data, data, data, data, data, data, _INDEX, _INT, vector, vector, vector, _NUMBERS,
    )  # fmt: skip
    return {
        "update": update,
        "probe": probe,
        "evaluation": evaluation,
        "gradient": gradient,
        "evaluate": evaluate,
        "product": product,
        "second_moments": second_moments,
        "train": train_signature,
        "flush": _INT(),
        "restore": types.void(_INT),
        "measure": measure_signature,
    }


@cache
def compiled(kind: str, function: Callable, dtype: str) -> Callable:
    """A kernel of one kind ("update", "gradient", …), compiled for arrays of `dtype`. Raises Problem where Numba cannot."""
    try:
        return policy.compiled(function, signatures(dtype)[kind])
    except Exception as error:  # what Numba raises is of many types, a few of them its own
        raise Problem(f"its {kind} does not compile for {dtype}: {cause(error, function)}") from error


def is_compiled(kind: str, function: Callable, dtype: str) -> bool:
    """Whether `compiled` will find the kernel in the cache of an earlier process."""
    return policy.is_compiled(function, signatures(dtype)[kind])


@cache
def address(kind: str, function: Callable, dtype: str) -> int | Callable:
    """`compiled`, as the kernels that take it want it (`sweepgd.kernels.pointers.address`)."""
    return pointers.address(compiled(kind, function, dtype))


@cache
def entry(kind: str, function: Callable, dtype: str) -> Callable:
    """`compiled`, as Python calls it with least ado (`sweepgd.kernels.policy.entry`)."""
    return policy.entry(compiled(kind, function, dtype))
