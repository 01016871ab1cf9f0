"""The power law of the best learning rate in the batch size, such as linear (Goyal 2017) or square root (Hoffer 2017)."""

from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.batch_size.best_rates import at_end, middle
from sweepgd.analysis.batch_size.rate_profiles import Profile
from sweepgd.analysis.batch_size.resampling import estimate, plain
from sweepgd.analysis.batch_size.scaling_fits import slope

FOUND, VOID, TOO_FEW = "found", "void", "too few"
EXPONENTS = {"zero": 0.0, "half": 0.5, "one": 1.0}
_CONTAINED = tuple(f"contains_{name}" for name in EXPONENTS)
# Beyond half of `scaling_end`, the best rate bends towards a constant.
SHARE_OF_SCALING_END = 0.5
FEWEST_SIZES = 3
# With a larger factor between neighbouring rates, the spacing of the rates limits the precision of the exponent.
FINE = 2.0
SCHEMA = pa.schema(
    [("criterion", pa.string()), ("optimizer", pa.string()), ("sizes", pa.int64())]
    + [("size_from", pa.int64()), ("size_to", pa.int64())]
    + [(f"exponent{end}", pa.float64()) for end in ("", "_low", "_high")]
    + [(f"contains_{name}", pa.bool_()) for name in EXPONENTS]
    + [("predicted_size", pa.int64())] + [(f"predicted_rate{end}", pa.float64()) for end in ("", "_low", "_high")]
    + [("over", pa.string()), ("verdict", pa.string()), ("message", pa.string())]
)  # fmt: skip


def rate_law(profiles: list[Profile], replicates: int, critical: pa.Table, predict: int | None = None) -> pa.Table:
    """Return one row per criterion and optimizer: the fit of a power law to the best rates (the middles of `best_rates`).

    The law is fitted to the batch sizes up to half of `scaling_end` in `critical` (the table of `critical_sizes`). If
    `scaling_end` is unknown or fewer than FEWEST_SIZES sizes remain, the law is fitted to all sizes, and `message` says so.
    Sizes with fewer than three rates are left out.

    `sizes` is the number of batch sizes in the fit, from `size_from` to `size_to`. `exponent` has its 95 % interval in `…_low`
    and `…_high`. `contains_zero`, `contains_half` and `contains_one` are true if this interval contains 0, ½ and 1,
    respectively, and null without an interval or if the verdict is "void". `predicted_rate`, with its interval, is the best
    rate that the law predicts at `predicted_size`. This size is `predict`, or by default a size between the two largest sizes
    of the fit.

    `over` names what the intervals are over. The intervals do not include the error from the spacing of the rates. `message`
    says if neighbouring rates differ by more than the factor FINE. `verdict` is "found", "void" if a best rate is at the end of
    the rates tried, or "too few".
    """
    ends = {row["optimizer"]: row["scaling_end"] for row in critical.to_pylist()}
    rows = []
    for (criterion, optimizer), members in groupby(profiles, lambda profile: (profile.criterion, profile.group.optimizer)):
        usable = [profile for profile in members if _has_inner_rates(profile)]
        if not usable:
            continue
        end, notes = ends.get(optimizer), []
        row: dict[str, Any] = {"criterion": criterion, "optimizer": optimizer, "over": usable[0].group.over}
        small = [profile for profile in usable if end is None or profile.group.batch_size <= SHARE_OF_SCALING_END * end]
        if end is None:
            notes.append("fitted to all sizes, because the end of perfect scaling is unknown")
        elif len(small) < FEWEST_SIZES:
            small = usable
            notes.append(
                f"fitted to all sizes, because fewer than {FEWEST_SIZES} of them lie below half of the 20 % size (the end of "
                "perfect scaling)"
            )
        row |= {"sizes": len(small), "size_from": small[0].group.batch_size, "size_to": small[-1].group.batch_size}
        if len(small) < FEWEST_SIZES:
            rows.append(row | {"verdict": TOO_FEW, "message": f"{len(small)} batch sizes, but the fit needs {FEWEST_SIZES}"})
            continue
        row |= _fitted(small, replicates, predict)
        spacing = max(_spacing(profile) for profile in small)
        if spacing > 1.01 * FINE:
            notes.append(f"the interval does not include the error of rates that are a factor of {spacing:.3g} apart")
        touching = [str(profile.group.batch_size) for profile in small if at_end(profile)]
        if touching:
            where = (
                f"the best rate is the lowest or highest tried at batch size {', '.join(touching)}: widen the range of rates"
            )
            row |= {"verdict": VOID, "message": "; ".join([where, *notes])} | dict.fromkeys(_CONTAINED)
        elif row["exponent_low"] is None:
            row |= {"verdict": TOO_FEW, "message": "no interval: an interval needs 4 replicates or more"}
        else:
            row |= {"verdict": FOUND, "message": "; ".join(notes) or None}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _has_inner_rates(profile: Profile) -> bool:
    """Return True if there are three rates or more, and a result at one of them."""
    return len(np.unique(profile.group.rates)) > 2 and bool(np.isfinite(profile.values[0]).any())


def _spacing(profile: Profile) -> float:
    """Return the median factor between neighbouring rates, or 1 for a single rate."""
    rates = np.unique(profile.group.rates)
    return float(np.median(rates[1:] / rates[:-1])) if len(rates) > 1 else 1.0


def _fitted(profiles: list[Profile], replicates: int, predict: int | None) -> dict[str, Any]:
    sizes = np.log([float(profile.group.batch_size) for profile in profiles])
    middles: Floats = np.stack([middle(profile)[0] for profile in profiles], axis=-1)
    exponents, intercepts = slope(sizes, middles)
    size = predict or round(float(np.exp(sizes[-2:].mean())))
    row: dict[str, Any] = {"predicted_size": size} | plain("exponent", exponents, replicates)
    row |= estimate("predicted_rate", intercepts + exponents * np.log(size), replicates)
    low, high = row["exponent_low"], row["exponent_high"]
    return row | {f"contains_{name}": None if low is None else low <= value <= high for name, value in EXPONENTS.items()}
