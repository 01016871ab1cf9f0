"""Simulated studies as tables in memory, with a known relation between measures and generalization gap.

The logarithms of a measure and of the gap are proportional to latent variables u and v, each standard normal over
configurations and seeds: u = √w · A + √(1 - w) · (√s · S + √(1 - s) · E). A belongs to a configuration, S to a replicate, whose
seed all configurations share, and E to a single run. w is `within`, the correlation of a configuration's replicates, and s is
`seeds`. The parts A of u and v have correlation ρ, and so have the parts E; the parts S are independent. Within a replicate,
Kendall's τ of measure and gap is therefore 2/π · asin ρ for all w and s. `tau` is this τ, 0 in a null study. The measures of a
study are independent given the gap, so that one table gives several verdicts of each kind.
"""

from dataclasses import dataclass
from math import pi, sin, sqrt

import numpy as np
import pyarrow as pa

from sweepgd.record import CURVATURE, TRIALS

SIZES, OPTIMIZERS = np.array([8, 32, 128, 512]), np.array(["adam", "sgd"])
MEASURES = ("lambda_max", "trace", "asam", "sam", "fisher_trace", "relative_flatness", "noise_scale", "weight_norm")
# Standard deviation of the logarithms of measure and gap.
DEVIATION = 0.5


@dataclass(frozen=True)
class Design:
    """The design of a simulated study: its size, search space and planted effect."""

    configurations: int = 24
    replicates: int = 3
    search: str = "random"  # or "grid"
    sides: tuple[int, int] | None = None  # instead of a search: configurations at smallest and largest batch size
    paired: bool = False  # if True, the configurations of both sides have the same learning rates
    within: float = 0.7
    seeds: float = 0.5
    tau: float = 0.0
    ratio: float = 1.0  # of a measure at the largest batch size to its value at the other sizes
    confounder: str = ""  # "rate" or "loss", which then contributes half of the variances of u and v
    trials: int | None = None  # number of trials, each of a randomly drawn configuration; None: one trial per configuration
    diverged: str = ""  # about 30 % of runs diverge: "random" ones, or "rate": most of those at high rates
    losses: float = 0.3  # decades over which the train losses of the configurations vary
    about: tuple[str, ...] = ()  # kinds of verdict for which `tau` and `ratio` are the truth; all kinds if empty


def tables(design: Design, random: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Return the tables `trials` and `curvature` of a study drawn from `design`."""
    sizes, rates, optimizers = _space(design, random)
    count, replicates = len(sizes), design.replicates
    loss = random.random(count)
    u, v = _latents(design, rates, loss, random)
    measures = np.exp(DEVIATION * u) * np.where(sizes == sizes.max(), design.ratio, 1.0)[:, None]
    losses = 0.01 * 10 ** (design.losses * loss[:, None] + 0.005 * random.random((count, replicates)))
    diverged = _diverged(design, rates, random)
    drawn = np.arange(count) if design.trials is None else random.integers(0, count, design.trials)

    def of_runs(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values if values.ndim == 2 else values[:, None], (count, replicates))[drawn].ravel()

    ended = of_runs(diverged)
    runs = {"trial": np.repeat(np.arange(len(drawn)), replicates), "replicate": np.tile(np.arange(replicates), len(drawn))}
    trials = runs | {
        "config_id": np.char.add("c", np.repeat(drawn, replicates).astype(str)),
        "status": np.where(ended, "diverged", "completed"),
        "optimizer": of_runs(optimizers),
        "schedule": np.full(len(ended), "constant"),
        "batch_size": of_runs(sizes),
        "learning_rate": of_runs(rates),
        "updates": np.full(len(ended), 100),
        "evaluated_at_update": np.full(len(ended), 100),
        "train_loss": np.where(ended, np.nan, of_runs(losses)),
        "generalization_gap": np.where(ended, np.nan, of_runs(np.exp(DEVIATION * v))),
    }
    curvature = {name: np.tile(values[~ended], len(MEASURES)) for name, values in runs.items()}
    rows = len(curvature["trial"])
    curvature |= {
        "measure": np.repeat(MEASURES, rows // len(MEASURES)),
        "value": np.concatenate([of_runs(values)[~ended] for values in measures]),
        "settings": np.full(rows, "{}"),
        "which": np.full(rows, "final"),
        "rows": np.full(rows, 512),
        "rescaling": np.ones(rows),
    }
    return _table(trials, TRIALS), _table(curvature, CURVATURE)


def _space(design: Design, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the batch size, learning rate and optimizer of each configuration."""
    if design.sides is not None:
        sizes = np.repeat(SIZES[[0, -1]], design.sides)
        rates = 10 ** random.uniform(-3, 0, len(sizes))
        return sizes, np.tile(rates[: len(sizes) // 2], 2) if design.paired else rates, np.full(len(sizes), "sgd")
    if design.search == "random":
        count = design.configurations
        rates = 10 ** random.uniform(-3, 0, count)
        return random.choice(SIZES, count), rates, random.choice(OPTIMIZERS, count)
    # 12 = 2 × 3 × 2, 24 = 3 × 4 × 2, 60 = 3 × 10 × 2.
    columns = {12: 2, 24: 3, 60: 3}[design.configurations]
    rates = 10 ** np.linspace(-3, 0, design.configurations // columns // 2)
    grid = np.meshgrid(SIZES[:columns], rates, OPTIMIZERS, indexing="ij")
    return grid[0].ravel(), grid[1].ravel(), grid[2].ravel()


def _latents(design: Design, rates: np.ndarray, loss: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return u, (measures, configurations, replicates), and v, (configurations, replicates)."""
    rho = sin(pi / 2 * design.tau)

    def parts(*shape: int, relation: float) -> tuple[np.ndarray, np.ndarray]:
        gap, *others = random.standard_normal((1 + len(MEASURES), *shape))
        return relation * gap + sqrt(1 - relation**2) * np.array(others), gap

    own = parts(len(rates), 1, relation=rho)
    run = parts(len(rates), design.replicates, relation=rho)
    seed = parts(1, design.replicates, relation=0.0)
    w, s = design.within, design.seeds
    u, v = (sqrt(w) * a + sqrt(1 - w) * (sqrt(s) * b + sqrt(1 - s) * e) for a, b, e in zip(own, seed, run, strict=True))
    if not design.confounder:
        return u, v
    # Uniform with mean 0 and standard deviation 1.
    other = ((np.log10(rates) / 3 + 1 if design.confounder == "rate" else loss) - 0.5)[:, None] * sqrt(12)
    return (u + other) / sqrt(2), (v + other) / sqrt(2)


def _diverged(design: Design, rates: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a mask of the runs that diverged, (configurations, replicates)."""
    chance = np.zeros(len(rates))
    if design.diverged == "random":
        chance[:] = 0.3
    elif design.diverged == "rate":
        chance = np.where(np.log10(rates) > -1.0, 0.85, 0.05)
    return random.random((len(rates), design.replicates)) < chance[:, None]


def _table(columns: dict[str, np.ndarray], schema: pa.Schema) -> pa.Table:
    rows = len(columns["trial"])
    arrays = [
        pa.array([{}] * rows, field.type)
        if field.name == "hyperparameters"
        else pa.array(columns[field.name], field.type, from_pandas=True)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
