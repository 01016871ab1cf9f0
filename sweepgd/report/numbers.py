"""Numbers as people read them: few significant digits, percent, and times with their unit."""

from math import floor, log10

TIME_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def significant(value: float, digits: int = 3) -> str:
    """`value` to `digits` significant digits, trailing zeros kept; with an exponent only below 1e-4 and from 1e6."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return _brief(f"{value:.{digits - 1}e}")
    rounded = f"{value:#.{digits}g}"
    return f"{value:.0f}" if "e" in rounded else rounded.rstrip(".")


def short(value: float) -> str:
    """A chosen value such as a learning rate: 3 significant digits, without trailing zeros."""
    text = f"{value:.3g}"
    return f"{value:.0f}" if "e+0" in text and abs(value) < 1e6 else _brief(text)


def whole(value: float) -> str:
    """A count, or a mean of counts, without decimals."""
    return f"{value:.0f}"


def percent(share: float) -> str:
    """A share as percent with 2 decimals; the heading carries the sign."""
    return f"{100 * share:.2f}"


def spread(mean: float, deviation: float) -> str:
    """`mean ±deviation`, the deviation to 2 significant digits and the mean to as many decimals."""
    if not 1e-6 <= deviation < 100:
        return f"{significant(mean, 4)} ±{significant(deviation, 2)}"
    decimals = max(0, 1 - floor(log10(deviation)))
    return f"{mean:z.{decimals}f} ±{deviation:.{decimals}f}"


def duration(seconds: float) -> str:
    """A time to 3 significant digits, in the largest unit that it fills."""
    for size, unit in TIME_UNITS:
        # Half a digit early, so that 999.9 µs is 1.00 ms and not 1000 µs.
        if seconds >= size * 0.9995:
            return f"{significant(seconds / size)} {unit}"
    return "0 s"


def _brief(text: str) -> str:
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
