"""Hold the processor back: limit the instruction sets of sweepgd and of every peer alike."""

# Of each instruction set: the environment variables that limit Numba, XLA, OpenBLAS, PyTorch, oneDNN and MKL to it. Empty features
# of Numba are those of the processor's name; unset ones would be the host's.
ENVIRONMENTS = {
    "avx2": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
