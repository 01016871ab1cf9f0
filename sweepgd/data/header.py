"""The column names of a CSV file. If its first row has no names, an error gives the reason."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sweepgd.core.errors import SweepgdError
from sweepgd.data.advice import Advice
from sweepgd.data.column_source import is_index
from sweepgd.data.raw import shown


def column_names(
    path: Path, sample: Sequence[Sequence[str]], header: bool | None, advice: Advice
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of all columns, and the names of columns that are a row index or empty.

    `sample` has the first rows as text. If `header` is False, the columns are called c1, c2, …. Raises SweepgdError if names
    are missing or occur twice, or if `header` is None and the first row looks like data.
    """
    first, rest = sample[0], sample[1:]
    if header is False:
        return tuple(f"c{number}" for number in range(1, len(first) + 1)), ()
    names = [name.strip() for name in first]
    if header is None and _looks_like_data(names, rest):
        raise SweepgdError(f"{path}: its first line looks like data ({shown(names)}), not like names: {advice.no_names}")
    index = []
    for place, name in enumerate(names):
        # `to_csv` of pandas and `write.csv` of R leave the name of the row index empty.
        if len(names) > 1 and (is_index(name, place) or (place == 0 and not name)):
            index.append(name)
        elif not name:
            if any(len(row) > place and row[place].strip() for row in rest):
                raise SweepgdError(f"{path}: column {place + 1} has no name: {advice.no_name}")
            names[place] = f"column {place + 1}"
            index.append(names[place])
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SweepgdError(f"{path}: two columns are called {shown([repr(name) for name in twice])}: rename one of them")
    return tuple(names), tuple(index)


def _looks_like_data(names: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return True if half of the names are numbers, or a name occurs among the first values of its own column.

    The numbers 0, 1, 2, … count as names, because pandas gives them to columns without names. At least three such numbers are
    needed. One such number is enough if the first column is complete and has no name, like an index that pandas writes.
    """
    given = [name for name in names if name]
    numbers = [name for name in given if is_number(name)]
    indexed = not names[0] and bool(rest) and all(row and row[0].strip() for row in rest)
    if len(numbers) > (0 if indexed else 2) and numbers == [str(number) for number in range(len(numbers))]:
        return False
    if given and 2 * len(numbers) >= len(given):
        return True
    return any(
        name and any(len(row) > place and row[place].strip() == name for row in rest) for place, name in enumerate(names)
    )


def is_number(text: str) -> bool:
    """Return True if a text is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return False
    return True
