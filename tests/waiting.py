"""Waiting for what other processes and threads do."""

import time
from collections.abc import Callable

# What has not happened by then never will. It fails no test sooner where a machine is busy.
NEVER_SECONDS = 600.0


def wait_until(happened: Callable[[], object], what: object = "") -> None:
    """Asks until it is so."""
    deadline = time.monotonic() + NEVER_SECONDS
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
