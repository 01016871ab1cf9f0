"""Treat subnormal numbers as zeros while a kernel runs.

Once gradients are zero, their moving averages decay to subnormal numbers. Each operation on a subnormal number takes a hundred
cycles or more. Long after convergence, a step of Adam took five times as long as before (digits, batch size 1). In float32,
numbers below 1.2e-38 are subnormal and become zero.
"""

import platform
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from sweepgd.kernels.compiling import config
from sweepgd.kernels.llvm_vectors import INT32, INT64, call, number

# The bits of the floating-point control register that replace subnormal results and arguments by zero. The bits are FTZ and DAZ
# of MXCSR (Intel's manual, volume 1, 10.2.3) and FZ of FPCR (Arm's manual, C5.2.8). Other processors keep subnormal numbers.
_MACHINE = platform.machine().lower()
FLUSH = {"x86_64": 0x8040, "amd64": 0x8040, "aarch64": 1 << 24, "arm64": 1 << 24}.get(_MACHINE, 0)
_ON_X86 = _MACHINE in ("x86_64", "amd64")


@intrinsic
def _read(typing):
    def codegen(context, builder, signature, arguments):
        if not FLUSH:
            return number(0)
        if not _ON_X86:
            return call(builder, "llvm.aarch64.get.fpcr", INT64)
        slot = cgutils.alloca_once(builder, INT32)
        call(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), builder.bitcast(slot, cgutils.voidptr_t))
        return builder.zext(builder.load(slot), INT64)

    return types.int64(), codegen


@intrinsic
def _write(typing, value):
    def codegen(context, builder, signature, arguments):
        if FLUSH and not _ON_X86:
            call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), arguments[0])
        elif FLUSH:
            slot = cgutils.alloca_once_value(builder, builder.trunc(arguments[0], INT32))
            call(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), builder.bitcast(slot, cgutils.voidptr_t))
        return context.get_dummy_value()

    return types.void(value), codegen


def _no_operation(*arguments: int) -> int:
    return 0


# Access to the floating-point control register. Without JIT, Python has no access to the register.
_control: Any = _no_operation if config.DISABLE_JIT else _read
_set_control: Any = _no_operation if config.DISABLE_JIT else _write


def flush():
    """Make this thread treat subnormal numbers as zeros, and return the previous state for `restore`."""
    before = _control()
    _set_control(before | FLUSH)
    return before


def restore(before):
    """Undo `flush`. The argument is the state that `flush` returned."""
    _set_control(before)
