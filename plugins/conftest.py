"""Tests of the packages, run from the root of the repository: they use the optimizer paths of tests/optimizers."""

import jax

jax.config.update("jax_enable_x64", True)
