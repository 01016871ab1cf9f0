"""A worker's share of the machine's memory, so that a trial that takes more ends itself and not the machine.

The limit is RLIMIT_DATA, which Linux (4.7 or later) holds against private writable memory, touched or not: allocations then
fail at once, whoever makes them. It leaves out what is read from files, such as the data that workers share; a limit on all
addresses (RLIMIT_AS) would count those, and the parent, which looks now and then, could not stop 4 GB a second in time.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

# The rest is for the parent, the system, and what else runs.
WORKERS_PART = 0.8
# What a container allows, in versions 2 and 1 of control groups.
CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory() -> int | None:
    """The bytes of memory that this machine, or the container, has; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in CONTAINER:
        with suppress(OSError, ValueError):  # ValueError where it says "max"
            memory = min(memory, int(Path(path).read_text()))
    return memory


def share(workers: int) -> int | None:
    """The bytes that each of so many workers may take; None where the system cannot hold them to it."""
    memory = machine_memory()
    return None if memory is None else int(WORKERS_PART * memory / workers)


def keep_to(bytes_: int) -> None:
    """Limits this process to so many bytes beyond those that it has: threads of BLAS reserve gigabytes on many cores."""
    import resource

    status = Path("/proc/self/status").read_text()
    had = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = had + bytes_
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))
