"""The processor for which kernels are compiled. The processor is this machine's processor, unless NUMBA_CPU_NAME or
NUMBA_CPU_FEATURES is set.
"""

import re
from functools import cache
from typing import Any, NamedTuple

import numba
from llvmlite import binding

config: Any = numba.config  # type checkers do not know the attributes, which are made at run time

# An addition of 64 bytes, for which LLVM uses the widest registers that the processor has.
_ADDITION = """
define void @add(<16 x float>* %x) {
  %value = load <16 x float>, <16 x float>* %x
  %sum = fadd <16 x float> %value, %value
  store <16 x float> %sum, <16 x float>* %x
  ret void
}
"""
# The number of bits of a vector register, by the register's name in assembly (AVX-512, AVX, SSE). NEON and other registers have
# 128.
_REGISTER_BITS = {"zmm": 512, "ymm": 256}


class ProcessorType(NamedTuple):
    """LLVM's name of a processor, and its `vector_bits`. With the same Numba and NumPy, processors of equal type give bitwise
    equal results.
    """

    processor: str
    vector_bits: int | None

    def __str__(self) -> str:
        return f"{self.processor} with {self.vector_bits}-bit vectors" if self.vector_bits else f"{self.processor} without JIT"


def processor_type() -> ProcessorType:
    """Return the type of the processor for which kernels are compiled."""
    return ProcessorType(processor(), vector_bits())


def processor() -> str:
    """Return LLVM's name of the processor for which kernels are compiled, such as "znver4" or "haswell"."""
    return config.CPU_NAME or _host_name()


def features() -> str:
    """Return LLVM's list of instruction sets that kernels may use, such as "+avx2,-avx512f". "" means all instruction sets of
    `processor()`.

    If NUMBA_CPU_FEATURES is not set, Numba uses the instruction sets of this machine, even if NUMBA_CPU_NAME is set.
    """
    chosen = config.CPU_FEATURES
    return _host_features() if chosen is None else chosen


def vector_bits() -> int | None:
    """Return the width in bits of the widest vector registers that kernels use. Return None without JIT, because then NumPy
    computes.
    """
    return None if config.DISABLE_JIT else _widest(processor(), features())


def vector_registers() -> int:
    """Return the number of vector registers, which is 32 with AVX-512 and on ARM, and 16 with AVX and SSE."""
    x86 = binding.get_default_triple().startswith("x86_64")
    return 16 if x86 and vector_bits() != 512 else 32


# Cached, because every trial records its processor, and LLVM takes 0.6 ms to return the name and the features.
@cache
def _host_name() -> str:
    return str(binding.get_host_cpu_name())


@cache
def _host_features() -> str:
    return str(binding.get_host_cpu_features().flatten())


@cache
def _widest(name: str, instruction_sets: str) -> int:
    # Neither Numba nor llvmlite can list the features of a processor by its name. Therefore the width is read from assembly
    # that LLVM emits, which takes about 1 ms.
    machine = binding.Target.from_default_triple().create_target_machine(cpu=name, features=instruction_sets)
    assembly = machine.emit_assembly(binding.parse_assembly(_ADDITION))
    return next((bits for register, bits in _REGISTER_BITS.items() if re.search(rf"\b{register}\d", assembly)), 128)
