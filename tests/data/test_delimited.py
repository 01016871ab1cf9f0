"""CSV files that are long, wide or large: read block by block, with their memory reported before."""

import gzip

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, delimited, prepare, table_checks
from sweepgd.data.user_files import load_file

SPEC = {"path": "d.csv", "target": "y", "task": "classification"}


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _small_blocks(monkeypatch):
    """Use small blocks, so that a file of kilobytes has many."""
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
    """Whole numbers before reals; empty cells before numbers; number labels before text."""
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
def test_words_after_the_first_block_are_reported_with_the_first_row():
    write(["x,y", *(f"{'four' if row in (77, 99) else row},{row % 2}" for row in range(1, 101))])
    with pytest.raises(SweepgdError, match=r"d\.csv: column 'x', row 77 is 'four', not a number, and 1 more"):
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
    with pytest.raises(SweepgdError, match=r"d\.csv: at least 1,000,000 columns, more than the limit of 100,000: give fewer"):
        load()


def test_the_memory_that_a_large_file_needs_is_reported_before_reading(monkeypatch):
    write(["a,b,y", *(f"1,2,{row % 2}" for row in range(99))])
    monkeypatch.setattr(table_checks, "WORTH_TELLING_BYTES", 1000)
    with pytest.warns(UserWarning, match=r"d\.csv: 99 rows of 2 columns need 3\.17 kB of memory"):
        load()
    monkeypatch.setattr(table_checks, "machine_memory", lambda: 3000)
    with pytest.raises(
        SweepgdError, match=r"d\.csv: 99 rows of 2 columns need 3\.17 kB of memory, but this machine has 3 kB: give"
    ):
        load()


def test_peak_memory_is_close_to_the_size_of_the_numbers(monkeypatch):
    """Compare the peak memory of Python and NumPy while a packed file of 8 MB of numbers is read."""
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


def test_a_column_of_row_numbers_is_described_as_such():
    write(["id,w,y", *(f"{(7 * row) % 50 + 3},{row % 9},{row % 2}" for row in range(50))])
    assert prepare(DataSpec(**SPEC)).columns == {"id": "whole numbers that number the rows", "w": "whole numbers"}


@pytest.fixture
def readings(monkeypatch):
    """The readings of a file so far: for each, the columns whose types were given to Arrow."""
    open_csv, noted = delimited.pa.csv.open_csv, []

    def counting(stream, read_options, parse_options, convert_options):
        noted.append(list(convert_options.column_types))
        return open_csv(stream, read_options, parse_options, convert_options)

    monkeypatch.setattr(delimited.pa.csv, "open_csv", counting)
    return noted


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("columns", [1, 40])
def test_a_file_whose_types_change_is_read_three_times(readings, columns):
    """Each column becomes real in a different row, and one column is empty until then."""
    names = [f"{kind}{column}" for column in range(columns) for kind in "xg"]
    late = [row + 60 for row in range(columns)]
    write(
        [
            ",".join([*names, "y"]),
            *(",".join([*(f"{row}.5,{row}" if row >= at else f"{row}," for at in late), str(row % 2)]) for row in range(100)),
        ]
    )
    table = load(missing="mean")
    assert len(readings) == 3
    rows = np.arange(100)
    for column, at in enumerate(late):
        np.testing.assert_array_equal(table.inputs[:, 2 * column], np.where(rows >= at, rows + 0.5, rows))
        np.testing.assert_array_equal(table.inputs[:, 2 * column + 1], np.where(rows >= at, rows, np.nan))


@pytest.mark.usefixtures("_small_blocks")
def test_a_file_of_the_same_types_is_read_once(readings):
    write(["x,y", *(f"{row},{row % 2}" for row in range(100))])
    load()
    assert len(readings) == 1


@pytest.mark.usefixtures("_small_blocks")
def test_types_that_change_follow_the_dialect(readings):
    """Decimal commas, quotes and markers of missing values are read in later blocks as in the first."""
    cells = [(row if row < 90 else f"{row},5", "-" if row < 95 else row, "a" if row % 2 else '"b;b"') for row in range(100)]
    write(["x;gap;y", *(f"{x};{gap};{y}" for x, gap, y in cells)])
    table = load(separator=";", decimal=",", missing_values=["-"], missing="mean")
    assert len(readings) == 3
    np.testing.assert_array_equal(table.inputs[:, 0], [row if row < 90 else row + 0.5 for row in range(100)])
    np.testing.assert_array_equal(table.inputs[:, 1], [np.nan] * 95 + list(range(95, 100)))
    assert table.classes == ("a", "b;b")


@pytest.mark.usefixtures("_small_blocks")
def test_dates_that_become_timestamps_and_gaps_that_become_levels(readings):
    cells = [("2020-01-02" if row < 50 else "2020-01-02 12:00:00", "" if row < 70 else "uv"[row % 2]) for row in range(100)]
    write(["when,kind,y", *(f"{when},{kind},{row % 2}" for row, (when, kind) in enumerate(cells))])
    table = load(dates="all", categories="all", missing="most_frequent")
    assert len(readings) == 3
    np.testing.assert_array_equal(table.inputs[:, 0], [18263.0] * 50 + [18263.5] * 50)
    assert table.levels == {"kind": ("u", "v")}
    np.testing.assert_array_equal(table.inputs[70:, 1], np.arange(70, 100) % 2)


@pytest.mark.usefixtures("_small_blocks")
def test_words_in_several_columns_are_reported_together(readings):
    write(["a,b,y", *(f"{'four' if row == 77 else row},{'five' if row == 88 else row},{row % 2}" for row in range(1, 101))])
    with pytest.raises(
        SweepgdError, match=r"column 'a', row 77 is 'four', not a number; column 'b', row 88 is 'five', not a number"
    ):
        load()
    assert len(readings) == 3
