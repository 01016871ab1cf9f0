"""Formatting of numbers for people: few significant digits, percent, and times with units."""

from math import floor, log10

TIME_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def significant(value: float, digits: int = 3) -> str:
    """Return `value` with `digits` significant digits, including trailing zeros. Values below 1e-4 and from 1e6 have an
    exponent.
    """
    if value and not 1e-4 <= abs(value) < 1e6:
        return _brief(f"{value:.{digits - 1}e}")
    rounded = f"{value:#.{digits}g}"
    return f"{value:.0f}" if "e" in rounded else rounded.rstrip(".")


def short(value: float) -> str:
    """Return a value such as a learning rate with at most 3 significant digits, without trailing zeros.

    Between 0.99 and 1, more digits are kept, so that a decay of 0.9999 is not shown as 1: the distance to 1 has 2 digits.
    """
    if 0.99 < value < 1.0:
        return f"{value:.{1 - floor(log10(1.0 - value))}f}".rstrip("0")
    text = f"{value:.3g}"
    return f"{value:.0f}" if "e+0" in text and abs(value) < 1e6 else _brief(text)


def whole(value: float) -> str:
    """Return a count, or a mean of counts, without decimals."""
    return f"{value:.0f}"


def percent(share: float) -> str:
    """Return a share in percent with 2 decimals, without the percent sign, which is in the heading of the column."""
    return f"{100 * share:.2f}"


def spread(mean: float, deviation: float) -> str:
    """Return `mean ±deviation`: the deviation with 2 significant digits, and the mean with the decimals of the deviation."""
    if not 1e-6 <= deviation < 100:
        return f"{significant(mean, 4)} ±{significant(deviation, 2)}"
    decimals = max(0, 1 - floor(log10(deviation)))
    return f"{mean:z.{decimals}f} ±{deviation:.{decimals}f}"


def duration(seconds: float) -> str:
    """Return a time with 3 significant digits in the largest unit that does not exceed the time."""
    for size, unit in TIME_UNITS:
        # The limit is lower by half a unit of the last digit, so that 999.9 µs is shown as 1.00 ms and not as 1000 µs.
        if seconds >= size * 0.9995:
            return f"{significant(seconds / size)} {unit}"
    return "0 s"


def time_left(seconds: float) -> str:
    """Return an estimated time in whole seconds, minutes or hours, such as "12 s", "3 min 20 s" or "1 h 5 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in (parts[:2] if hours else parts) if count) or "1 s"


def _brief(text: str) -> str:
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
