"""Exponentials of a whole array in vector instructions. Scalar exponentials would take a fifth of a training step with ten
classes. A mask for every vector, and not only for the last one, would double the time with AVX2.
"""

from math import e, log2
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.llvm_vectors import INT32, Emitter, element, number
from sweepgd.kernels.tile_shapes import TILES

# The polynomial for e^r with |r| ≤ ½ log 2, highest power first, and log 2 in two parts (Moshier's Cephes library, expf). The
# error is below 2 ulp.
_POLYNOMIAL = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_LOG2_HIGH, _LOG2_LOW = 0.693359375, -2.12194440e-4
# For x below this value, e^x is subnormal in float32, and 0 is used instead. Subnormal numbers are slow, and cannot change a
# sum that contains e^0.
_LOWEST = -87.33654


def _single(emit: Emitter, x: Any) -> Any:
    """Return e^x = 2^n·e^r, with n an integer, for a vector of float32 numbers ≤ 0. NaN stays NaN."""
    builder = emit.builder
    n = emit.call(f"llvm.rint.{emit.suffix}", emit.vector, [builder.fmul(x, emit.constant(log2(e)))])
    r = emit.multiply_add(n, emit.constant(-_LOG2_HIGH), x)
    r = emit.multiply_add(n, emit.constant(-_LOG2_LOW), r)
    value = emit.constant(_POLYNOMIAL[0])
    for coefficient in _POLYNOMIAL[1:]:
        value = emit.multiply_add(value, r, emit.constant(coefficient))
    value = builder.fadd(emit.multiply_add(value, builder.fmul(r, r), r), emit.constant(1.0))
    tiny, normal = (builder.fcmp_ordered(sign, x, emit.constant(_LOWEST)) for sign in ("<", ">="))
    integers = ir.VectorType(INT32, emit.lanes)
    power = builder.fptosi(builder.select(normal, n, emit.zero), integers)  # the conversion of a NaN is undefined
    biased = builder.add(power, ir.Constant(integers, [127] * emit.lanes))
    two_to_n = builder.bitcast(builder.shl(biased, ir.Constant(integers, [23] * emit.lanes)), emit.vector)
    return builder.select(tiny, emit.zero, builder.fmul(value, two_to_n))


def _vector(masked: bool) -> Any:
    """Return a kernel function that replaces `count` numbers ≤ 0 from index `start` by their exponentials.

    `count` is the length of a vector or, with `masked`, at most this length.
    """

    @intrinsic
    def exponential(typing, array, start, count):
        def codegen(context, builder, signature, arguments):
            emit = Emitter(builder, signature.args[0].dtype)
            address = element(context, builder, signature.args[0], arguments[0], arguments[1])
            mask = emit.below(arguments[2]) if masked else None
            x = emit.load(address, number(0), mask)
            value = _single(emit, x) if emit.bytes == 4 else emit.call(f"llvm.exp.{emit.suffix}", emit.vector, [x])
            emit.store(value, address, number(0), mask)
            return context.get_dummy_value()

        return types.void(array, start, count), codegen

    return exponential


_whole, _partial = _vector(False), _vector(True)


@helper
def exponentials(array, start, count):
    """Replace `count` numbers ≤ 0 of a C-contiguous array, from flat index `start`, by their exponentials."""
    lanes = TILES.vector_bytes // array.itemsize
    whole = count // lanes * lanes
    for i in range(0, whole, lanes):
        _whole(array, start + i, lanes)
    if whole < count:
        _partial(array, start + whole, count - whole)


def _exponentials(array, start, count):
    flat = array.reshape(array.size)
    flat[start : start + count] = np.exp(flat[start : start + count])


if config.DISABLE_JIT:
    exponentials = _exponentials
