"""Count Numba's compilations. Kernels that are loaded from the cache do not count."""

from collections.abc import Callable

from numba.core import event


def compilations(call: Callable[[], object]) -> int:
    """Return the number of functions that were compiled during `call()`, in all threads."""
    recorder = event.RecordingListener()
    with event.install_listener("numba:compile", recorder):
        call()
    return sum(event_data.is_start for _, event_data in recorder.buffer)
