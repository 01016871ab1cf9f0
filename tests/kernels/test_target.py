"""The processor for which kernels are compiled, and the width of its vectors."""

import platform

import pytest

from sweepgd.kernels import target
from sweepgd.kernels.compiling import config
from sweepgd.kernels.tile_shapes import TABLE

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="LLVM's names of x86-64 processors")


@x86
@pytest.mark.parametrize(
    ("name", "features", "bits", "registers"),
    [
        ("x86-64-v2", "", 128, 16),
        ("haswell", "", 256, 16),
        ("znver3", "", 256, 16),
        ("x86-64-v4", "", 512, 32),
        ("znver4", "", 512, 32),
        ("haswell", "+avx512f", 512, 32),
        ("znver4", "-avx512f,-avx512vl", 256, 16),
    ],
)
def test_vectors_and_registers_are_those_of_name_and_features(monkeypatch, name, features, bits, registers):
    for key, value in (("CPU_NAME", name), ("CPU_FEATURES", features), ("DISABLE_JIT", 0)):
        monkeypatch.setattr(config, key, value)
    assert target.processor_type() == (name, bits)
    assert target.vector_registers() == registers
    assert TABLE[bits, registers].vector_bytes == bits // 8
    assert str(target.processor_type()) == f"{name} with {bits}-bit vectors"


def test_the_host_is_the_default_target(monkeypatch):
    for key, value in (("CPU_NAME", None), ("CPU_FEATURES", None), ("DISABLE_JIT", 0)):
        monkeypatch.setattr(config, key, value)
    widest = 512 if "+avx512f" in target.features() else 256 if "+avx," in target.features() else 128
    assert target.vector_bits() == widest
    assert target.processor()


def test_there_are_no_vector_bits_without_jit(monkeypatch):
    monkeypatch.setattr(config, "DISABLE_JIT", 1)
    monkeypatch.setattr(config, "CPU_NAME", "haswell")
    assert target.processor_type() == ("haswell", None)
    assert str(target.processor_type()) == "haswell without JIT"
