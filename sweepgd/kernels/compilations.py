"""Count Numba's compilations; kernels loaded from its cache do not count."""

from collections.abc import Callable

from numba.core import event


def compilations(call: Callable[[], object]) -> int:
    """Return how many functions were compiled during `call()`, in all threads."""
    recorder = event.RecordingListener()
    with event.install_listener("numba:compile", recorder):
        call()
    return sum(event_data.is_start for _, event_data in recorder.buffer)
