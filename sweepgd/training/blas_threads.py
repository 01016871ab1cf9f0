"""The number of threads of BLAS in a process that trains."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread within the context. Otherwise, for example, two workers with two threads each would compete for
    two cores.
    """
    import scipy.linalg.cython_blas  # noqa: F401 - this import loads the BLAS of np.dot, so that the limit applies to it
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
