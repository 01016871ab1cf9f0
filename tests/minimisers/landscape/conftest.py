"""Studies to look around in. What imports Numba is imported inside, after the tests have set its cache."""

import pytest

MOONS = """
name = "moons"

[data]
name = "moons"
rows = 120

[model]
name = "mlp"
hidden = [6]

[budget]
epochs = 6

[space]
batch_size = [4, 32]
learning_rate = 0.3
optimizer = "momentum"

[search]
sampler = "grid"
replicates = 2
"""

QUADRATIC = """
name = "quadratic"

[data]
name = "none"

[model]
name = "quadratic"
curvatures = [1.0, 10.0, 3.0]
start = [1.0, 1.0, -2.0]
dtype = "float64"

[budget]
updates = 12

[space]
batch_size = "full"
learning_rate = [0.01, 0.05]

[search]
sampler = "grid"
"""


@pytest.fixture(scope="session")
def searched(tmp_path_factory):
    """Runs a sweep, once for equal ones, and gives its landscape."""
    from linear_sweep import sweep

    from sweepgd import search
    from sweepgd.minimisers.landscape import LandscapeContext

    known = {}

    def landscape(text, *overrides):
        key = (text, *overrides)
        if key not in known:
            out = tmp_path_factory.mktemp("results") / "study"
            search(sweep(*overrides, text=text), out=out, workers=1)
            known[key] = out
        return LandscapeContext(known[key])

    return landscape


@pytest.fixture
def moons(searched):
    """Two batch sizes, 4 (trial 0) and 32 (trial 1), two replicates each, classification in float32."""
    return searched(MOONS)


@pytest.fixture
def quadratic(searched):
    """½ Σ λᵢxᵢ² in three parameters, two learning rates."""
    return searched(QUADRATIC)


@pytest.fixture
def linear(searched):
    """A regression; its trial 1 diverges."""
    from linear_sweep import LINEAR

    return searched(LINEAR, 'space.learning_rate=[0.05, 50.0]', 'space.optimizer="sgd"', "space.batch_size=5",
                    'search.sampler="grid"')  # fmt: skip
