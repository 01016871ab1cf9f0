"""The memory limit of a worker: its size by machine and container, and failing allocations beyond it."""

import os
import subprocess
import sys

import pytest
from waiting import NEVER_SECONDS

from sweepgd.core import memory_limit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")

GIB = 2**30


@pytest.mark.parametrize(("allowed", "memory"), [(None, 64 * GIB), ("max\n", 64 * GIB), (f"{8 * GIB}\n", 8 * GIB)])
def test_workers_divide_80_percent_of_the_memory_of_machine_or_container(allowed, memory, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GIB // 4096}.get)
    file = tmp_path / "memory.max"
    if allowed is not None:
        file.write_text(allowed)
    monkeypatch.setattr(memory_limit, "CONTAINER", (str(file),))
    assert memory_limit.memory_per_worker(4) == int(0.8 * memory / 4)


LIMITED = """
import mmap, sys
import numpy as np
from sweepgd.core.memory_limit import limit_memory
before = np.empty(2**27)  # 1 GiB, which does not count
limit_memory(2**30)
within = np.empty(2**26)
with open(sys.argv[1], "rb") as file:
    read = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # 4 GiB
try:
    beyond = np.empty(2**27)
except MemoryError:
    print("beyond")
del within
beyond = np.empty(2**26)
print("freed")
"""


def test_allocations_beyond_the_limit_fail_and_files_do_not_count(tmp_path):
    with (tmp_path / "data").open("wb") as file:
        file.truncate(4 * GIB)  # a sparse file, which takes no disk space
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "data")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=NEVER_SECONDS)
    assert (ended.stdout, ended.stderr) == ("beyond\nfreed\n", "")
