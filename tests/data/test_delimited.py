"""CSV files that are long, wide or large: read block by block, with what they need said before."""

import gzip

import numpy as np
import pytest

from sweepgd.data import DataSpec, checks, delimited, prepare
from sweepgd.data.files import load_file
from sweepgd.problem import Problem

SPEC = {"path": "d.csv", "target": "y", "task": "classification"}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _small_blocks(monkeypatch):
    """So that a file of kilobytes is many blocks."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 200)
    monkeypatch.setattr(delimited, "READ_BYTES", 64)


def write(lines, path="d.csv"):
    with open(path, "wb") as file:
        content = "\n".join(lines).encode()
        file.write(gzip.compress(content) if path.endswith("gz") else content)


def load(**keys):
    return load_file(DataSpec(**SPEC | keys))[0]


@pytest.mark.usefixtures("_small_blocks")
def test_types_that_change_after_the_first_block():
    """Whole numbers, then reals; nothing, then numbers; number labels, then texts."""
    cells = [
        (row if row < 90 else row + 0.5, "" if row < 95 else row, row % 2 if row < 80 else "ab"[row % 2]) for row in range(100)
    ]
    write(["x,gap,y", *(f"{x},{gap},{y}" for x, gap, y in cells)])
    table = load(missing="mean")
    assert table.inputs[:, 0].tolist() == [x for x, _, _ in cells]
    np.testing.assert_array_equal(table.inputs[:, 1], [np.nan] * 95 + list(range(95, 100)))
    assert table.classes == ("0", "1", "a", "b")
    assert table.targets[:, 0].tolist() == [("0", "1", "a", "b").index(str(y)) for _, _, y in cells]


@pytest.mark.usefixtures("_small_blocks")
def test_a_word_after_the_first_block_is_told_with_its_row():
    write(["x,y", *(f"{'four' if row == 77 else row},{row % 2}" for row in range(1, 101))])
    with pytest.raises(Problem, match=r"d\.csv: column 'x', row 77 is 'four', not a number"):
        load()


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("path", ["d.csv", "d.csv.gz"])
def test_levels_of_all_blocks_are_one_category(path):
    names = [f"level {row % 7}" if row % 10 else "NA" for row in range(200)]
    write(["x,y", *(f"{name},{row % 2}" for row, name in enumerate(names))], path)
    table = load(path=path, categories=["x"], missing="most_frequent")
    assert table.levels == {"x": tuple(f"level {number}" for number in range(7))}
    expected = [np.nan if name == "NA" else float(name[-1]) for name in names]
    np.testing.assert_array_equal(table.inputs[:, 0], expected)


@pytest.mark.usefixtures("_small_blocks")
def test_quoted_line_ends_and_lines_longer_than_a_block():
    long = "z" * 900
    write(["x,y", *(f'{row},"{long if row == 50 else "a"}\nb"' for row in range(100))])
    table = load()
    assert table.inputs[:, 0].tolist() == list(range(100))
    assert table.classes == ("a\nb", f"{long}\nb")


def test_20000_columns():
    names = [f"x{column}" for column in range(20_000)]
    write([",".join([*names, "y"]), *(",".join([str(row)] * 20_000) + f",{row % 2}" for row in range(12))])
    table = load()
    assert table.inputs.shape == (12, 20_000)
    assert (table.inputs == np.arange(12)[:, None]).all()
    assert table.features == tuple(names)


def test_a_million_columns():
    write([",".join(map(str, range(10**6))), "1"])
    with pytest.raises(Problem, match=r"d\.csv: 1,000,000 columns or more, and at most 100,000 are read: give fewer"):
        load()


def test_what_a_large_file_needs_is_said_before_it_is_read(monkeypatch):
    write(["a,b,y", *(f"1,2,{row % 2}" for row in range(99))])
    monkeypatch.setattr(checks, "WORTH_TELLING_BYTES", 1000)
    with pytest.warns(UserWarning, match=r"d\.csv: 99 rows of 2 columns need 3\.17 kB of memory"):
        load()
    monkeypatch.setattr(checks, "machine_memory", lambda: 3000)
    with pytest.raises(Problem, match=r"d\.csv: 99 rows of 2 columns need 3\.17 kB of memory, and this machine has 3 kB: give"):
        load()


def test_memory_is_that_of_the_numbers(monkeypatch):
    """What Python and NumPy hold at most while a packed file of 8 MB of numbers becomes a table."""
    import tracemalloc

    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(delimited, "HEAD_BYTES", 1 << 16)
    monkeypatch.setattr(delimited, "READ_BYTES", 1 << 16)
    line = ",".join("7" * 100)
    write(
        [",".join([*(f"x{column}" for column in range(100)), "y"]), *(f"{line},{row % 2}" for row in range(10_000))], "d.csv.gz"
    )
    tracemalloc.start()
    try:
        table = load(path="d.csv.gz")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert table.inputs.nbytes == 8_000_000
    assert peak < 1.3 * table.inputs.nbytes


def test_what_holds_row_numbers_is_called_so():
    write(["id,w,y", *(f"{(7 * row) % 50 + 3},{row % 9},{row % 2}" for row in range(50))])
    assert prepare(DataSpec(**SPEC)).columns == {"id": "whole numbers that number the rows", "w": "whole numbers"}
