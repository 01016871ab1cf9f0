"""Damaged data files: 500 seeded mutations are read or refused in one line, without a traceback or a hang."""

import signal
from pathlib import Path

import numpy as np
import pytest
from data.file_examples import arrays, delimited, parquet, with_test_file

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, prepare

# Files of every format: with many columns, quotes, gzip, dictionaries, Keras' layout and images.
WANTED = ("plain", "quoted", "gzip", "UTF-16", "a category with gaps", "dates in days", "pandas' index of a shuffled frame")
WANTED += ("dictionaries", "a moment in days", "Keras' layout", "images", "IDX", "MNIST's names")
WANTED += ("test file", "a level that training lacks", "a packed test file", "test file in Parquet")
WANTED += ("levels of string views in the test file",)
CASES = [case for module in (delimited, arrays, parquet, with_test_file) for case in module.READ if case.name in WANTED]
# Bytes that editors and networks put into files.
INSERTED = (b"", b"\0", b"\xff", b"\n", b",", b'"', b"nan", b"1e999", b"-", b"\r", b"9" * 30, bytes(64), b"PK\3\4", b"\x80" * 4)
SILENT_SECONDS = 20


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with one to four pieces cut, repeated, replaced, inserted or flipped."""
    for _ in range(rng.integers(1, 5)):
        if not content:
            return content
        start, length = int(rng.integers(len(content))), int(rng.integers(1, 1 + min(64, len(content))))
        piece, end = content[start : start + length], start + length
        kind = int(rng.integers(6))
        if kind == 0:
            content = content[:start] + content[end:]
        elif kind == 1:
            content = content[:end] + piece * int(rng.integers(1, 4)) + content[end:]
        elif kind == 2:
            content = content[:start] + rng.bytes(len(piece)) + content[end:]
        elif kind == 3:
            content = content[:start] + INSERTED[rng.integers(len(INSERTED))] + content[start:]
        elif kind == 4:
            content = content[:start] + bytes([content[start] ^ (1 << int(rng.integers(8)))]) + content[start + 1 :]
        else:
            content = content[:start]
    return content


@pytest.fixture
def _alarm():
    """Fail a hang by the processor time of this process, which a busy machine does not change."""

    def late(*_):
        raise AssertionError(f"silent for {SILENT_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, late)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def run(number: int, folder: Path) -> str:
    """Read mutation `number` and return the message that refuses it, or ''."""
    rng = np.random.default_rng([14, number])
    case = CASES[number % len(CASES)]
    path = folder / case.file
    case.make(path)
    written = sorted(folder.iterdir())
    damaged = written[rng.integers(len(written))]
    damaged.write_bytes(mutated(damaged.read_bytes(), rng))
    keys = {"target": "kind", "task": "classification"} | case.asked
    for key in ("target", "test_path"):
        if (folder / (keys.get(key) or "none")).is_file():
            keys[key] = str(folder / keys[key])
    signal.setitimer(signal.ITIMER_VIRTUAL, SILENT_SECONDS)
    try:
        data = prepare(DataSpec(path=str(path), **keys))
    except SweepgdError as problem:
        return str(problem)
    finally:
        for each in folder.iterdir():
            each.unlink()
    assert data.rows > 0
    assert np.isfinite(data.train.inputs).all()
    assert len(data.classes) > 1
    return ""


@pytest.mark.usefixtures("_alarm")
@pytest.mark.parametrize("numbers", [range(100), pytest.param(range(100, 500), marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.filterwarnings("ignore:.* need .* of memory:UserWarning")
def test_a_mutated_file_is_read_or_refused_in_one_line(numbers, tmp_path):
    lines = [run(number, tmp_path) for number in numbers]
    assert len(CASES) == len(WANTED) + 1  # "plain" is in two formats
    refused = [line for line in lines if line]
    assert not [line for line in refused if "\n" in line or not (str(tmp_path) in line or "training rows" in line)]
    assert len(numbers) / 10 < len(refused) < len(numbers)
