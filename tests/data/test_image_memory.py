"""Images that stay bytes are in memory once: the peak of a process that loads them is little above their own size."""

import gzip
import subprocess
import sys

import numpy as np
import pytest
from data.file_examples.arrays import idx

# Loads images, and prints by how many bytes the peak memory of the process rises, and the size of the data.
PROGRAM = """
import sys
from pathlib import Path
from sweepgd.data import DataSpec, prepare, user_files

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))

prepare(DataSpec(name="moons"))  # imports all libraries that prepare data
before = peak()
idx = prepare(DataSpec(path="images.idx.gz", target="labels.idx", task="classification"), reads_bytes=True)
cifar = prepare(DataSpec(path="cifar", task="classification"), reads_bytes=True)
print(peak() - before, idx.nbytes + cifar.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_images_are_in_memory_once(tmp_path):
    images = np.zeros((30_000, 28, 28), "u1")
    (tmp_path / "images.idx.gz").write_bytes(gzip.compress(idx(images), 1))
    (tmp_path / "labels.idx").write_bytes(idx((np.arange(30_000) % 3).astype("u1")))
    (tmp_path / "cifar").mkdir()
    for number in range(2):
        records = np.full((5_000, 3073), number, "u1")
        records.tofile(tmp_path / "cifar" / f"data_batch_{number}.bin")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True)
    rise, size = map(int, done.stdout.split())
    assert size == 30_000 * (784 + 4) + 10_000 * (3072 + 4)
    assert rise < 1.45 * size
