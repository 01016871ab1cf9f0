"""Dropout and augmentation: the same for a key, different for others, and distributed as stated."""

import numpy as np
import pytest
from kernels.layered_cases import Calls, Network
from scipy.stats import chisquare

from sweepgd.kernels.losses import SQUARED

IMAGES = (4, 5, 2)
IMAGE = np.arange(1.0, 41.0)


def network_of(layers=lambda network, value: value, **settings) -> Network:
    """A network with one output that is linear in the images, after the given layers."""
    network = Network(IMAGES, loss=SQUARED, **settings)
    network.dense(layers(network, network.start), 1)
    return network


def seen(network: Network, key: int, position: int = 0, training: bool = True) -> np.ndarray:
    """The image as the dense layer sees it at a position of the batch.

    The derivative with respect to the weights is the image times the derivative with respect to the bias. The other rows have
    zeros as images and as targets, and no derivative.
    """
    inputs = np.zeros((position + 1, len(IMAGE)))
    inputs[position] = IMAGE
    calls = Calls(network, inputs, np.arange(position + 1)[:, None] == position)
    with np.errstate(over="ignore"):  # without JIT, NumPy warns of the overflow of unsigned integers
        _, gradient = calls.gradient(np.append(1e-6 * IMAGE, 0.0), training=training, key=key)
    return np.round(gradient[:-1] / gradient[-1], 6)


DROPPED = network_of(lambda network, value: network.dropout(value, 0.25))
AUGMENTED = {
    "crop": network_of(augment=(1, 0, 0)),
    "flip": network_of(augment=(0, 1, 0)),
    "cutout": network_of(augment=(0, 0, 3)),
    "all": network_of(augment=(2, 1, 2)),
}


@pytest.mark.parametrize("network", [DROPPED, *AUGMENTED.values()], ids=["dropout", *AUGMENTED])
def test_an_image_depends_on_key_and_position(network):
    at_key = [seen(network, key) for key in range(12)]
    at_position = [seen(network, 3, position) for position in range(12)]
    for images in (at_key, at_position):
        assert len(np.unique(images, axis=0)) > 1
    np.testing.assert_array_equal(seen(network, 3), at_key[3])
    np.testing.assert_array_equal(at_position[0], at_key[3])
    np.testing.assert_array_equal(seen(network, 3, training=False), IMAGE)


def test_dropout_keeps_the_stated_share_and_the_mean():
    images = np.array([seen(DROPPED, key) for key in range(100)])
    kept = images != 0
    np.testing.assert_allclose(images[kept], np.broadcast_to(IMAGE / 0.75, images.shape)[kept], rtol=1e-6)
    assert kept.mean() == pytest.approx(0.75, abs=0.03)  # four standard errors
    assert chisquare(kept.sum(axis=0)).pvalue > 0.01


def test_crops_and_flips_are_those_of_the_padded_image_and_equally_frequent():
    padded = np.pad(IMAGE.reshape(IMAGES), ((1, 1), (1, 1), (0, 0)))
    crops = [padded[i : i + 4, j : j + 5].ravel() for i in range(3) for j in range(3)]
    flips = [IMAGE, IMAGE.reshape(IMAGES)[:, ::-1].ravel()]
    for name, possible in (("crop", crops), ("flip", flips)):
        counts = np.zeros(len(possible))
        for key in range(180):
            (number,) = np.flatnonzero((np.array(possible) == seen(AUGMENTED[name], key)).all(axis=1))
            counts[number] += 1
        assert chisquare(counts).pvalue > 0.01


def test_cutout_clears_a_square_around_any_pixel():
    def cut(row, column):
        image = IMAGE.reshape(IMAGES).copy()
        image[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = 0
        return image.ravel()

    possible = np.array([cut(row, column) for row in range(4) for column in range(5)])
    found = [np.flatnonzero((possible == seen(AUGMENTED["cutout"], key)).all(axis=1)) for key in range(200)]
    assert chisquare(np.bincount(np.concatenate(found), minlength=20)).pvalue > 0.01


def test_units_are_dropped_in_the_backward_pass_too():
    network = Network(IMAGES)
    network.dense(network.dropout(network.dense(network.dropout(network.conv(network.start, 2, 2, 2), 0.3), 6), 0.5), 3)
    rng = np.random.default_rng(7)
    calls = Calls(network, rng.normal(size=(6, 40)), rng.integers(3, size=(6, 1)))
    weights, direction = rng.normal(size=(2, network.parameters))
    with np.errstate(over="ignore"):
        gradient = calls.gradient(weights, key=5)[1]
        ends = [calls.gradient(weights + side * 1e-5 * direction, key=5)[0] for side in (1, -1)]
    assert gradient @ direction == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
