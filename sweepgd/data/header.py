"""The names of a CSV file's columns, or the line that says why its first row gives none."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sweepgd.data.raw import shown
from sweepgd.data.source import is_index
from sweepgd.problem import Problem


def column_names(path: Path, sample: Sequence[Sequence[str]], header: bool | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of all columns, and those of them that are an index of the rows or empty.

    `sample` are the first rows as text; without a header the columns are c1, c2, …. Raises Problem where names are missing or
    occur twice, and, unless `header` is given, where the first row looks like data.
    """
    first, rest = sample[0], sample[1:]
    if header is False:
        return tuple(f"c{number}" for number in range(1, len(first) + 1)), ()
    names = [name.strip() for name in first]
    if header is None and _looks_like_data(names, rest):
        raise Problem(
            f"{path}: its first line looks like data ({shown(names)}), not like names: set data.header = false, and the"
            f" columns are c1 to c{len(names)}; or true, if these are names"
        )
    index = []
    for place, name in enumerate(names):
        # `to_csv` and `write.csv` give no name to the numbers or names of the rows.
        if len(names) > 1 and (is_index(name, place) or (place == 0 and not name)):
            index.append(name)
        elif not name:
            if any(len(row) > place and row[place].strip() for row in rest):
                raise Problem(
                    f"{path}: column {place + 1} has no name: give it one in the first line, or set data.header = false"
                )
            names[place] = f"column {place + 1}"
            index.append(names[place])
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Problem(f"{path}: two columns are called {shown([repr(name) for name in twice])}: rename one")
    return tuple(names), tuple(index)


def _looks_like_data(names: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether half of the names are numbers, or a name occurs among the first values of its own column.

    The numbers that pandas gives to columns without names, 0, 1, 2, …, are names: three or more of them, or fewer beside a
    first column that has no name and no gap, as its index has.
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
    """Whether a text is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return False
    return True
