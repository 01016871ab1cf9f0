"""The best learning rate by batch size, and the width of the range of rates that are nearly as good (Masters & Luschi 2018)."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.batch_size.rate_profiles import Profile, by_rate, nearly_best
from sweepgd.analysis.batch_size.resampling import estimate

SCHEMA = pa.schema(
    [("criterion", pa.string()), ("optimizer", pa.string()), ("batch_size", pa.int64()), ("rates", pa.int64())]
    + [(name, pa.float64()) for name in ("lowest_tried", "highest_tried", "best_tried")]
    + [(f"{name}{end}", pa.float64()) for name in ("rate", "width") for end in ("", "_low", "_high")]
    + [("rate_from", pa.float64()), ("rate_to", pa.float64()), ("at_end", pa.bool_()), ("over", pa.string())]
)  # fmt: skip


def middle(profile: Profile) -> tuple[Floats, Floats]:
    """Return the middle and the width of the range of nearly best rates, as logarithms, both of shape (draws,)."""
    low, high = nearly_best(*by_rate(profile))
    return (low + high) / 2, high - low


def at_end(profile: Profile) -> bool:
    """Return True if several rates were tried and the best rate is the lowest or the highest of them."""
    rates, values = by_rate(profile)
    return len(rates) > 1 and bool(np.isfinite(values[0]).any()) and int(np.argmin(values[0])) in (0, len(rates) - 1)


def best_rates(profiles: list[Profile], replicates: int) -> pa.Table:
    """Return one row per criterion ("steps" to target or "objective"), optimizer and batch size with a result.

    `rates` is the number of distinct rates tried. `lowest_tried`, `highest_tried` and `best_tried` are three of these rates.
    At rates from `rate_from` to `rate_to`, the result is within 10 % of the best result. `rate` is the middle of this range
    on a logarithmic axis. The middle varies less than the best rate of a grid. `width` is the ratio `rate_to` / `rate_from`.
    `rate` and `width` have 95 % intervals in `…_low` and `…_high`, and `over` names what the intervals are over. `at_end` is
    true if `best_tried` is the lowest or the highest rate tried, so that a better rate may lie beyond.
    """
    rows: list[dict[str, Any]] = []
    for profile in profiles:
        rates, values = by_rate(profile)
        if not np.isfinite(values[0]).any():
            continue
        low, high = nearly_best(rates, values)
        row: dict[str, Any] = {"criterion": profile.criterion, "optimizer": profile.group.optimizer, "over": profile.group.over}
        row |= {"batch_size": profile.group.batch_size, "rates": len(rates), "at_end": at_end(profile)}
        row |= {"lowest_tried": rates[0], "highest_tried": rates[-1], "best_tried": rates[int(np.argmin(values[0]))]}
        row |= {"rate_from": float(np.exp(low[0])), "rate_to": float(np.exp(high[0]))}
        row |= estimate("rate", (low + high) / 2, replicates) | estimate("width", high - low, replicates)
        if row["width_low"] is not None:
            row["width_low"] = max(1.0, row["width_low"])  # `rate_to` is not below `rate_from`
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)
