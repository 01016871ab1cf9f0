"""Synthetic data sets: known linear laws, two shapes to classify, and empty data sets for models that need no data, such as
error surfaces.
"""

from collections.abc import Sequence

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.data.contract import Array, Dataset, Table


def _linear_law(
    rng: np.random.Generator,
    inputs: Array,
    weights: Sequence[float],
    bias: float,
    noise: float,
    features: tuple[str, ...],
) -> Table:
    targets = inputs @ np.asarray(weights, dtype=np.float64) + bias + rng.normal(0.0, noise, len(inputs))
    return Table(inputs, targets[:, None], features, truth={"weights": list(weights), "bias": [bias]})


def _load_synthetic_linear(rng: np.random.Generator, rows: int, weights: tuple[float, ...], bias: float, noise: float) -> Table:
    inputs = rng.standard_normal((rows, len(weights)))
    return _linear_law(rng, inputs, weights, bias, noise, tuple(f"x{i + 1}" for i in range(len(weights))))


synthetic_linear = Dataset(
    name="synthetic_linear",
    task="regression",
    load=_load_synthetic_linear,
    settings=(
        Setting("rows", 1000, "number of rows", minimum=1),
        Setting("weights", (2.0, -3.4), "true weights, one per input"),
        Setting("bias", 4.2, "true bias"),
        Setting("noise", 0.01, "standard deviation of the noise on the targets", minimum=0),
    ),
    description="targets linear in standard normal inputs, with normal noise",
    source="Deep Learning - The Straight Dope (Gluon), Linear regression from scratch",
)


def _load_house_prices(
    rng: np.random.Generator, rows: int, area_price: float, age_price: float, bias: float, noise: float
) -> Table:
    inputs = np.column_stack((rng.uniform(40.0, 240.0, rows), rng.uniform(0.0, 80.0, rows)))
    return _linear_law(rng, inputs, (area_price, age_price), bias, noise, ("area", "age"))


house_prices = Dataset(
    name="house_prices",
    task="regression",
    load=_load_house_prices,
    settings=(
        Setting("rows", 1000, "number of houses", minimum=1),
        Setting("area_price", 3.0, "price per square metre, in thousands"),
        Setting("age_price", -1.2, "price per year of age, in thousands"),
        Setting("bias", 60.0, "price of the plot, in thousands"),
        Setting("noise", 15.0, "standard deviation of the noise on the price, in thousands", minimum=0),
    ),
    description="price in thousands from area (40 to 240 m²) and age (0 to 80 years), both uniform",
    source="Zhang et al., Dive into Deep Learning, section 3.1",
)


def _load_moons(rng: np.random.Generator, rows: int, noise: float) -> Table:
    from sklearn.datasets import make_moons

    # make_moons accepts no numpy.random.Generator, only a seed of 32 bits.
    inputs, labels = make_moons(rows, noise=noise, random_state=int(rng.integers(2**32)))
    return Table(inputs, labels[:, None].astype(np.float64), ("x", "y"), ("upper", "lower"))


moons = Dataset(
    name="moons",
    task="classification",
    load=_load_moons,
    settings=(
        Setting("rows", 1000, "number of points", minimum=2),
        Setting("noise", 0.2, "standard deviation of the noise on each coordinate", minimum=0),
    ),
    description="two interleaved half circles",
    source="scikit-learn, make_moons",
)


def _load_spirals(rng: np.random.Generator, rows: int, classes: int, turns: float, noise: float) -> Table:
    labels = np.arange(rows) % classes
    radius = rng.uniform(0.0, 1.0, rows)
    angle = 2 * np.pi * (turns * radius + labels / classes) + rng.normal(0.0, noise, rows)
    inputs = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))
    names = tuple(f"arm {i + 1}" for i in range(classes))
    return Table(inputs, labels[:, None].astype(np.float64), ("x", "y"), names)


spirals = Dataset(
    name="spirals",
    task="classification",
    load=_load_spirals,
    settings=(
        Setting("rows", 900, "number of points", minimum=2),
        Setting("classes", 3, "number of arms", minimum=2),
        Setting("turns", 0.65, "turns that an arm makes from the centre to radius 1", minimum=0),
        Setting("noise", 0.2, "standard deviation of the noise on the angle, in radians", minimum=0),
    ),
    description="arms that wind around each other",
    source="Karpathy, CS231n, Putting it together: minimal neural network case study",
)


def _load_none(rng: np.random.Generator) -> Table:
    # There is one row, so that an epoch is one update.
    return Table(np.zeros((1, 0)), np.zeros((1, 0)), ())


none = Dataset(
    name="none",
    task="none",
    load=_load_none,
    settings=(),
    description="no data, for surfaces whose loss depends on the parameters alone",
    source="sweepgd",
)


def _load_empty_rows(rng: np.random.Generator, rows: int) -> Table:
    return Table(np.zeros((rows, 0)), np.zeros((rows, 0)), ())


empty_rows = Dataset(
    name="empty_rows",
    task="none",
    load=_load_empty_rows,
    settings=(Setting("rows", 4096, "number of rows, and the largest batch size", minimum=1),),
    description="rows without inputs, for a model whose gradient noise depends on the batch size alone (noisy_quadratic)",
    source="sweepgd",
)
