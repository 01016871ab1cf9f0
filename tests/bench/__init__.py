"""What a step, a sweep and a start cost here and with JAX, PyTorch and scikit-learn.

Run it with `uv run --group bench python -m tests.bench`; `--help` tells the rest.
"""
