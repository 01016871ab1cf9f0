"""Set up the tests of the packages. Run these tests from the root of the repository, because they use tests/optimizers."""

import jax

jax.config.update("jax_enable_x64", True)
