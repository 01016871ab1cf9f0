"""The processor for which kernels are compiled: the host, or that of NUMBA_CPU_NAME and NUMBA_CPU_FEATURES."""

import re
from functools import cache
from typing import Any, NamedTuple

import numba
from llvmlite import binding

config: Any = numba.config  # its attributes are made at run time

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


class ProcessorType(NamedTuple):
    """LLVM's name of a processor and its `vector_bits`: equal types give bitwise equal results, with equal Numba and NumPy."""

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
    """Return LLVM's list of instruction sets that kernels may use, such as "+avx2,-avx512f"; "" means all of `processor`.

    If NUMBA_CPU_FEATURES is not set, Numba uses those of the host, even if NUMBA_CPU_NAME is set.
    """
    chosen = config.CPU_FEATURES
    return _host_features() if chosen is None else chosen


# Asked of LLVM once: it takes half a millisecond, and every row of the record has the answer.
_host_name = cache(binding.get_host_cpu_name)
_host_features = cache(lambda: binding.get_host_cpu_features().flatten())


def vector_bits() -> int | None:
    """Return the width in bits of the widest vector registers that kernels use; None without JIT, when NumPy computes."""
    return None if config.DISABLE_JIT else _widest(processor(), features())


def vector_registers() -> int:
    """Return the number of vector registers: 32 with AVX-512 and on ARM, 16 with AVX and SSE."""
    x86 = binding.get_default_triple().startswith(("x86_64", "i"))
    return 16 if x86 and vector_bits() != 512 else 32


@cache
def _widest(name: str, instruction_sets: str) -> int:
    # Neither Numba nor llvmlite lists the features of a name, so the width is read from assembly that LLVM emits (about 1 ms).
    machine = binding.Target.from_default_triple().create_target_machine(cpu=name, features=instruction_sets)
    assembly = machine.emit_assembly(binding.parse_assembly(_ADDITION))
    return next((bits for register, bits in _REGISTER_BITS.items() if re.search(rf"\b{register}\d", assembly)), 128)
