"""The memory limit of each worker, so that a trial that needs more fails without exhausting the machine.

The limit is RLIMIT_DATA, which Linux (4.7 or later) applies to all private writable memory, even if it is unused. An allocation
beyond the limit fails at once. Memory-mapped files, such as the data that workers share, do not count; RLIMIT_AS would count
them. Polling from the parent process would be too slow for a worker that allocates 4 GB a second.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

# The share of memory for workers. The rest is for the parent process, the system and other programs.
WORKERS_PART = 0.8
# Files with the memory limit of a container, for versions 2 and 1 of control groups.
CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory() -> int | None:
    """Return the memory of this machine or container in bytes; None on systems other than Linux."""
    if sys.platform != "linux":
        return None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in CONTAINER:
        with suppress(OSError, ValueError):  # ValueError if the file says "max"
            memory = min(memory, int(Path(path).read_text()))
    return memory


def memory_per_worker(workers: int) -> int | None:
    """Return the memory limit of each of `workers` workers in bytes; None on systems that cannot enforce it."""
    memory = machine_memory()
    return None if memory is None else int(WORKERS_PART * memory / workers)


def limit_memory(bytes_: int) -> None:
    """Limit this process to `bytes_` more than it has now. What it has now does not count, because BLAS threads reserve
    gigabytes on machines with many cores.
    """
    import resource

    status = Path("/proc/self/status").read_text()
    current = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    _, maximum = resource.getrlimit(resource.RLIMIT_DATA)
    limit = current + bytes_
    resource.setrlimit(resource.RLIMIT_DATA, (limit if maximum == resource.RLIM_INFINITY else min(limit, maximum), maximum))
