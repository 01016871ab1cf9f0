"""The kernels and the trainer give the same results without JIT, where NumPy checks every index and shape."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_kernel_tests_pass_without_jit():
    files = [
        str(TESTS / name)
        for name in (
            *("kernels/test_network.py", "kernels/test_network_hessian.py", "kernels/test_analytic_losses.py"),
            *("kernels/test_layered_network.py", "kernels/test_random_layers.py", "kernels/test_layered_hessian.py"),
            *("curvature/test_objective.py", "training/test_run.py", "training/test_divergence.py"),
        )
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
