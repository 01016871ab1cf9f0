"""Initial weights and the factor `init_scale` of their standard deviation."""

import numpy as np
import pytest

from sweepgd.core.layout import BIAS, KIND, OFFSET, SIZE
from sweepgd.models import Shape, build

SHAPE = Shape("regression", 40, 1, 0)


def drawn(init, init_scale, **settings):
    built = build("mlp", {"hidden": [50], "init": init, "init_scale": init_scale, **settings}, SHAPE)
    return built.layout, built.initial(np.random.default_rng(0))


@pytest.mark.parametrize("init", ["he", "xavier", "normal", "uniform", "zero"])
def test_init_scale_multiplies_the_weights_of_every_rule(init):
    layout, plain = drawn(init, 1.0)
    _, scaled = drawn(init, 3.0)
    np.testing.assert_array_equal(scaled, 3.0 * plain)
    for row in layout[layout[:, KIND] == BIAS]:
        assert not scaled[row[OFFSET] : row[OFFSET] + row[SIZE]].any()


def test_init_scale_is_a_factor_of_the_standard_deviation():
    layout, theta = drawn("he", 0.5)
    first = theta[: layout[0, SIZE]]
    assert first.std() == pytest.approx(0.5 * np.sqrt(2 / 40), rel=0.05)


@pytest.mark.parametrize("name", ["linear", "logistic", "softmax"])
def test_all_networks_have_the_setting(name):
    shape = SHAPE if name == "linear" else Shape("classification", 40, 1, 2)
    given = {"init": "normal", "scale": 1.0}
    plain, scaled = (build(name, given | {"init_scale": factor}, shape).initial(np.random.default_rng(0)) for factor in (1, 2))
    assert plain.any()
    np.testing.assert_array_equal(scaled, 2.0 * plain)
