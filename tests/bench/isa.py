"""Hold the processor back: limit the instruction sets of sweepgd and of every peer alike."""

# By instruction set, the environment variables that limit Numba, XLA, OpenBLAS, PyTorch, oneDNN and MKL to it. If Numba's
# features are empty, it takes those of the processor's name; if they are not set, those of the host.
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
