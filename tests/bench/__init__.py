"""The cost of a step, a sweep and a start here and with JAX, PyTorch and scikit-learn.

Run it with `uv run --group bench python -m tests.bench`; `--help` lists the options.
"""
