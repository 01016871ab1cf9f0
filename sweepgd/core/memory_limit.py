"""The memory limit of each worker. A trial that needs more memory than the limit fails, and the machine keeps enough memory.

The limit is RLIMIT_DATA, which Linux (4.7 or later) applies to all private writable memory, even to unused memory. An
allocation beyond the limit fails at once. Memory-mapped files, such as the data that workers share, do not count, but RLIMIT_AS
would count them. The parent process could not poll fast enough for a worker that allocates 4 GB a second.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

# The share of the machine's memory for all workers. The rest is for the parent process, the system and other programs.
WORKERS_PART = 0.8
# Files with the memory limit of a container, for version 2 and then version 1 of control groups.
CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory() -> int | None:
    """Return the memory of this machine or container in bytes, or None on systems other than Linux."""
    if sys.platform != "linux":
        return None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in CONTAINER:
        with suppress(OSError, ValueError):  # a ValueError is raised if the file says "max"
            memory = min(memory, int(Path(path).read_text()))
    return memory


def memory_per_worker(workers: int) -> int | None:
    """Return the memory limit of each of `workers` workers in bytes, or None on systems that cannot enforce a limit."""
    memory = machine_memory()
    return None if memory is None else int(WORKERS_PART * memory / workers)


def limit_memory(bytes_: int) -> None:
    """Limit the memory that this process can allocate from now on to `bytes_`. Earlier allocations do not count, because BLAS
    threads reserve gigabytes on machines with many cores.
    """
    import resource

    status = Path("/proc/self/status").read_text()
    current = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    _, maximum = resource.getrlimit(resource.RLIMIT_DATA)
    limit = current + bytes_
    resource.setrlimit(resource.RLIMIT_DATA, (limit if maximum == resource.RLIM_INFINITY else min(limit, maximum), maximum))
