"""Designs for the calibration of verdicts: null studies without an effect, and studies with a planted effect."""

from itertools import product

from calibration.studies import Design
from calibration.verdicts import ALONG, CONDITIONED, MATCHED

GRID_AND_RANDOM = ("grid", "random")

NULL = {
    f"{n} × {r}, {search}" + f", seeds {seeds:g}" * (r > 1): Design(n, r, search, seeds=seeds)
    for n, r, search, seeds in product((12, 24, 60), (1, 3, 10), GRID_AND_RANDOM, (0.0, 0.5, 0.9))
    if r > 1 or seeds == 0.5
}
NULL |= {
    f"24 × 3, {search}, within {within:g}": Design(24, 3, search, within=within, seeds=0.9)
    for search, within in product(GRID_AND_RANDOM, (0.0, 0.95, 1.0))
}
NULL |= {
    f"{n} × 3, {search}, left out by {diverged}": Design(n, 3, search, diverged=diverged)
    for n, search, diverged in product((24, 60), GRID_AND_RANDOM, ("random", "rate"))
}
NULL |= {
    f"{n} × 3, {search}, rate moves both": Design(n, 3, search, confounder="rate", about=(CONDITIONED, ALONG))
    for n, search in product((24, 60), GRID_AND_RANDOM)
}
NULL |= {"60 × 3, random, loss moves both": Design(60, 3, confounder="loss", losses=1.0, about=(MATCHED,))}
NULL |= {
    "60 trials of 12 × 3": Design(12, 3, trials=60),
    "64 trials of 32 × 3": Design(32, 3, trials=64),
    "20 trials of 2 and 2 × 3": Design(sides=(2, 2), trials=20, losses=0.0),
    "60 trials of 6 and 6 × 3": Design(sides=(6, 6), trials=60, losses=0.0),
}
NULL |= {
    f"{small} and {large} × 3, within {within:g}": Design(sides=(small, large), within=within, losses=0.0)
    for (small, large), within in product(((12, 1), (1, 12), (12, 2), (12, 3), (30, 2), (6, 6)), (0.7, 0.95))
}
NULL |= {
    f"{small} and {large} × 10, seeds 0.9": Design(sides=(small, large), replicates=10, seeds=0.9, losses=0.0)
    for small, large in ((12, 1), (12, 2), (3, 3), (12, 12))
}
NULL |= {
    f"12 and 12 × 3, left out by {diverged}": Design(sides=(12, 12), diverged=diverged, losses=0.0)
    for diverged in ("random", "rate")
}
NULL |= {
    f"{pairs} pairs × {r}": Design(sides=(pairs, pairs), replicates=r, paired=True, losses=0.0)
    for pairs, r in product((3, 6, 12), (1, 3))
}
NULL |= {
    f"1 and 1 × {r}, seeds {seeds:g}": Design(sides=(1, 1), replicates=r, within=0.0, seeds=seeds, losses=0.0)
    for r, seeds in product((3, 10), (0.0, 0.9))
}

PLANTED = {
    f"τ {tau:g}: {n} × {r}, {search}": Design(n, r, search, tau=tau)
    for tau, n, r, search in (
        *product((0.5,), (12, 24, 60), (1, 3, 10), GRID_AND_RANDOM),
        *product((0.2, 0.8), (24,), (3, 10), GRID_AND_RANDOM),
    )
}
PLANTED |= {
    f"τ 0.5: 24 × 3, {search}, within {within:g}": Design(24, 3, search, tau=0.5, within=within, seeds=0.9)
    for search, within in product(GRID_AND_RANDOM, (0.0, 0.95, 1.0))
}
PLANTED |= {
    f"τ 0.5: 24 × 3, {search}, left out by {diverged}": Design(24, 3, search, tau=0.5, diverged=diverged)
    for search, diverged in product(GRID_AND_RANDOM, ("random", "rate"))
}
PLANTED |= {"τ 0.5: 64 trials of 32 × 3": Design(32, 3, tau=0.5, trials=64)}
PLANTED |= {
    f"ratio 2: {small} and {large} × {r}": Design(sides=(small, large), replicates=r, ratio=2.0, losses=0.0)
    for (small, large), r in product(((2, 2), (3, 3), (6, 6), (12, 3), (12, 12)), (1, 3))
}
PLANTED |= {
    f"ratio 2: {pairs} pairs × {r}": Design(sides=(pairs, pairs), replicates=r, paired=True, ratio=2.0, losses=0.0)
    for pairs, r in product((3, 6, 12), (1, 3))
}
PLANTED |= {
    f"ratio 2: 1 and 1 × {r}, seeds {seeds:g}": Design(
        sides=(1, 1), replicates=r, within=0.0, seeds=seeds, ratio=2.0, losses=0.0
    )
    for r, seeds in product((3, 10), (0.0, 0.9))
}
PLANTED |= {"ratio 2: 12 and 12 × 3, left out by rate": Design(sides=(12, 12), ratio=2.0, diverged="rate", losses=0.0)}

# The design in which the planted effect must be found over all runs.
FOUND = "τ 0.5: 24 × 10, random"

# A small selection with each kind of verdict, null and planted, and each source of false verdicts in the designs above.
FEW_NULL = (
    "24 × 3, random, seeds 0.9", "12 × 3, grid, seeds 0.9", "24 × 3, grid, left out by rate", "20 trials of 2 and 2 × 3",
    "12 and 1 × 3, within 0.95", "12 and 2 × 3, within 0.95", "6 pairs × 3", "1 and 1 × 3, seeds 0.9",
)  # fmt: skip
FEW_PLANTED = (
    FOUND,
    "τ 0.8: 24 × 3, grid",
    "ratio 2: 12 and 12 × 3",
    "ratio 2: 6 pairs × 3",
    "ratio 2: 1 and 1 × 10, seeds 0.9",
)
