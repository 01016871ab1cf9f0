"""The processor that kernels are compiled for: the host, or the one that NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name."""

import re
from functools import cache

import numba
from llvmlite import binding

# An addition of 64 bytes: LLVM emits it in the widest registers that the processor has.
_ADDITION = """
define void @add(<16 x float>* %x) {
  %value = load <16 x float>, <16 x float>* %x
  %sum = fadd <16 x float> %value, %value
  store <16 x float> %sum, <16 x float>* %x
  ret void
}
"""
# Bits of a vector register, by its name in assembly: AVX-512, AVX, SSE; NEON and others have 128.
_REGISTER_BITS = {"zmm": 512, "ymm": 256}


def processor() -> str:
    """Return LLVM's name of the processor that kernels are compiled for, such as "znver4" or "haswell"."""
    return numba.config.CPU_NAME or binding.get_host_cpu_name()


def features() -> str:
    """Return LLVM's list of instruction sets that kernels may use, such as "+avx2,-avx512f"; "" stands for all of `processor`.

    Numba compiles for the host's where NUMBA_CPU_FEATURES is not set, even if NUMBA_CPU_NAME is.
    """
    chosen = numba.config.CPU_FEATURES
    return binding.get_host_cpu_features().flatten() if chosen is None else chosen


def vector_bits() -> int | None:
    """Return the width in bits of the widest vector registers that kernels use; None where JIT is off and NumPy computes."""
    return None if numba.config.DISABLE_JIT else _widest(processor(), features())


@cache
def _widest(name: str, instruction_sets: str) -> int:
    # Numba and LLVM both offer no list of what a name implies, so the width is read from what LLVM emits (about 1 ms).
    machine = binding.Target.from_default_triple().create_target_machine(cpu=name, features=instruction_sets)
    assembly = machine.emit_assembly(binding.parse_assembly(_ADDITION))
    return next((bits for register, bits in _REGISTER_BITS.items() if re.search(rf"\b{register}\d", assembly)), 128)
