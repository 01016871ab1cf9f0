"""The targets for steps: geometric means over batch sizes, worst cases, and shares of the bound, for each optimizer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from .finding import Finding
from .kernels import Row
from .work import OPTIMIZERS


@dataclass(frozen=True)
class Target:
    """A required ratio of speed to a peer: `mean` over the batch sizes from `smallest` on, and `each` at every one of them."""

    work: str
    peer: str
    mean: float | None = None
    each: float | None = None
    smallest: int = 1


@dataclass(frozen=True)
class Share:
    """At least this share of the bound in every batch size from `smallest` on."""

    work: str
    smallest: int
    shares: dict[str, float]


@dataclass(frozen=True)
class Targets:
    """All targets for one width of vectors."""

    steps: tuple[Target, ...]
    shares: tuple[Share, ...]
    lambda_max: float
    """The least ratio of the time of JAX's Lanczos iteration to that of λmax here."""


TARGETS = {
    "AVX2": Targets(
        steps=(
            Target("linear", "jax_vmap", each=1.0, smallest=10),
            Target("digits", "jax_scan", mean=2.0, each=1.3),
            Target("digits", "jax_vmap", mean=1.4, each=1.0),
            Target("fashion", "jax_scan", mean=1.1, each=1.0),
            Target("fashion", "torch_eager", mean=1.1, each=1.0),
        ),
        shares=(Share("digits", 32, {"sgd": 0.65}), Share("fashion", 128, {"sgd": 0.80})),
        lambda_max=1.2,
    ),
    "AVX-512": Targets(
        steps=(
            Target("linear", "jax_vmap", each=1.0, smallest=10),
            Target("digits", "jax_scan", mean=2.0, each=1.5),
            Target("digits", "jax_vmap", mean=1.6, each=1.1),
            Target("fashion", "jax_scan", mean=1.2, each=1.0),
            Target("fashion", "torch_eager", mean=1.2, each=1.0),
        ),
        shares=(Share("digits", 32, {"sgd": 0.70}), Share("fashion", 128, {"sgd": 0.90})),
        lambda_max=1.2,
    ),
}
LABELS = {"jax_scan": "JAX scan", "jax_vmap": "JAX vmap, a step and trial", "torch_eager": "PyTorch"}


def judge(rows: Sequence[Row], targets: Targets) -> Iterator[Finding]:
    """Yield a finding for each target from the measured rows, without a figure if the peer is missing."""
    for target in targets.steps:
        for rule in OPTIMIZERS:
            chosen = _rows(rows, target.work, rule, target.smallest)
            if chosen:
                yield from _against(target, f"{target.work} {rule}", chosen)
    for share in targets.shares:
        for rule, least in share.shares.items():
            reached = [row.share for row in _rows(rows, share.work, rule, share.smallest) if row.share is not None]
            if reached:
                what = f"{share.work} {rule}, B ≥ {share.smallest}: least share of the bound"
                yield Finding(what, 100 * min(reached), "%", at_least=100 * least)


def _rows(rows: Sequence[Row], work: str, rule: str, smallest: int) -> list[Row]:
    return [row for row in rows if row.case.work == work and row.case.optimizer == rule and row.case.batch >= smallest]


def _against(target: Target, what: str, rows: Sequence[Row]) -> Iterator[Finding]:
    sizes = f", B ≥ {target.smallest}" if target.smallest > 1 else ""
    what = f"{what} against {LABELS[target.peer]}{sizes}"
    ratios = {}
    for row in rows:
        timing = row.timings.get(target.peer)
        ratio = timing.ratio(row.ours) if timing else None
        if ratio is not None:
            ratios[row.case.batch] = ratio.median
    if len(ratios) < len(rows):
        yield Finding(what, None, "×", target.mean or target.each, note="not measured at every batch size")
        return
    if target.mean is not None:
        measured = ", ".join(str(size) for size in ratios)
        yield Finding(f"{what}: geometric mean", geometric_mean(ratios.values()), "×", target.mean, note=f"B = {measured}")
    if target.each is not None:
        size = min(ratios, key=lambda batch: ratios[batch])
        yield Finding(f"{what}: least", ratios[size], "×", target.each, note=f"at B = {size}")
