"""The refusal of bad input: one line on stderr and an exit code."""

from pathlib import Path

from commands import Run
from linear_sweep import LINEAR

FILE_SWEEP = LINEAR.replace(
    'name = "synthetic_linear"\nrows = 50', 'path = "data.csv"\ntarget = "y"\ntask = "classification"'
).replace('name = "linear"', 'name = "softmax"')


def assert_refused(run: Run, code: int, *fragments: str) -> None:
    """Assert one line on stderr with all the fragments, nothing on stdout, and the exit code; paths are relative to the cwd."""
    err = run.err.replace(f"{Path.cwd()}/", "")
    assert err.count("\n") == 1, err
    assert err.startswith("sweepgd: ")
    for fragment in fragments:
        assert fragment in err
    assert run.code == code
    assert run.out == ""


def files() -> set[Path]:
    return set(Path().rglob("*"))


def csv(rows: int = 12, **cells: str) -> str:
    """Return CSV text with columns x and y, classes a and b. `cells` replaces single cells, such as x3 for x in row 3."""
    lines = ["x,y"]
    for row in range(1, rows + 1):
        lines.append(f"{cells.get(f'x{row}', row / 2)},{cells.get(f'y{row}', 'ab'[row % 2])}")
    return "\n".join(lines) + "\n"
