"""The kernels and their trainer do the same as plain Python, where every index and shape is checked."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_without_jit():
    chosen = [
        str(TESTS / name)
        for name in (
            *("kernels/test_network.py", "kernels/test_network_curvature.py", "kernels/test_surfaces.py"),
            *("curvature/test_objective.py", "test_training.py", "test_divergence.py"),
        )
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *chosen],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
