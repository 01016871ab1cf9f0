"""The measured rates as a text table."""

from collections.abc import Mapping

from calibration.verdicts import KINDS, Rates


def table(title: str, measured: Mapping[str, Mapping[str, Rates]], planted: bool) -> str:
    """Return a table with one row per design and one column per kind of verdict.

    A cell has the percentage of false verdicts (correct ones for a planted effect), then the coverage of the intervals in
    percent; "–" if no interval was given.
    """
    width = max(map(len, measured)) + 2
    lines = [title, " " * width + "  ".join(kind.rjust(len(kind)) for kind in KINDS)]
    for name, found in measured.items():
        cells = [_cell(found.get(kind), planted).rjust(len(kind)) for kind in KINDS]
        lines.append(name.ljust(width) + "  ".join(cells))
    return "\n".join(lines) + "\n"


def _cell(rates: Rates | None, planted: bool) -> str:
    if rates is None or not rates.given:
        return "–"
    share = rates.right if planted else rates.false
    return f"{100 * share:.1f} {100 * rates.covered:.1f}"
