"""The type of the processor that computed a run: recorded in its row, and said where a study goes on on another."""

import os

from commands import completed
from linear_sweep import sweep, sweep_file

from sweepgd import load, search
from sweepgd.kernels import target


def searched(folder, processor, trials):
    """Run a search as if its kernels were plain Python on a processor, and return the lines that it says of processors."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "NUMBA_CPU_NAME": processor}
    given = ("search", sweep_file(folder), "--out", str(folder / "out"), "--workers", "1", "--trials", str(trials))
    ended = completed(*given, env=environment)
    assert ended.returncode == 0, ended.stderr
    return [line for line in ended.stderr.splitlines() if "bit for bit" in line]


def test_a_search_that_goes_on_on_another_processor_says_so_once(tmp_path):
    assert searched(tmp_path, "haswell", 1) == []
    assert searched(tmp_path, "haswell", 2) == []
    assert searched(tmp_path, "znver3", 2) == []  # nothing is left to run there
    assert searched(tmp_path, "znver3", 3) == [
        f"{tmp_path / 'out'} was computed on haswell without JIT, and this processor is znver3 without JIT: runs of"
        " equal configurations agree within rounding, not bit for bit"
    ]
    assert searched(tmp_path, "znver3", 4) == []
    assert searched(tmp_path, "haswell", 5) == []
    trials = load(tmp_path / "out").trials
    assert trials["processor"].to_pylist() == ["haswell", "haswell", "znver3", "znver3", "haswell"]
    assert trials["vector_bits"].to_pylist() == [None] * 5


def test_each_row_names_the_processor_and_the_width_of_its_vectors(tmp_path):
    trials = search(sweep(), out=tmp_path / "out", workers=2).trials
    here = target.processor_type()
    rows = set(zip(trials["processor"].to_pylist(), trials["vector_bits"].to_pylist(), strict=True))
    assert rows == {(here.processor, here.vector_bits)}
