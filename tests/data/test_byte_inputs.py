"""Bytes that stay bytes: parts, scaling and statistics equal those of the same data as real numbers, in memory and on disk."""

import numpy as np
import pytest

from sweepgd.core.errors import UsageError
from sweepgd.curvature.objective import groups, subset
from sweepgd.data import DataSpec, prepare
from sweepgd.data.byte_inputs import as_numbers
from sweepgd.data.memory_map import open_saved, save

ROWS, IMAGE = 200, (4, 3, 2)
PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> dict:
    """The `[data]` table of random images with labels, of two channels of different means."""
    path = tmp_path_factory.mktemp("images") / "images.npz"
    generator = np.random.default_rng(3)
    pixels = generator.integers([0, 90], [60, 256], (ROWS, *IMAGE)).astype("u1")
    pixels[:, 0, 0, 0] = 7  # constant inputs keep the statistics of their channel
    np.savez(path, x=pixels, y=generator.integers(0, 3, ROWS))
    return {"path": str(path), "target": "y", "inputs": "x", "task": "classification"}


def real(part) -> np.ndarray:
    mean, factor = np.split(part.scaling, 2)
    return (part.inputs - mean) * factor


@pytest.mark.parametrize(
    "keys", [{}, {"split": "tail"}, {"subset": 60, "label_noise": 0.3}, {"standardize": False}, {"test": 0.0}], ids=str
)
def test_bytes_are_the_same_rows_as_real_numbers(images, keys):
    kept = prepare(DataSpec(**images, **keys), dtype="float64", reads_bytes=True)
    numbers = prepare(DataSpec(**images, **{"standardize": "channels"} | keys), dtype="float64")
    assert kept.bytes
    assert not numbers.bytes
    assert (kept.image, numbers.image) == (IMAGE, IMAGE)
    assert kept.fingerprint == numbers.fingerprint
    for part, other in ((getattr(kept, name), getattr(numbers, name)) for name in PARTS):
        if part is None:
            assert other is None
            continue
        assert part.inputs.dtype == np.uint8
        assert part.inputs.flags.c_contiguous
        assert not part.inputs.flags.writeable
        np.testing.assert_allclose(real(part), other.inputs, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(part.targets, other.targets)


def test_true_is_by_channel_for_models_that_read_images_and_by_input_for_others(images):
    kept, numbers = (prepare(DataSpec(**images), dtype="float64", reads_bytes=reads) for reads in (True, False))
    by_channel = kept.train.inputs.reshape(-1, 2)
    np.testing.assert_allclose(kept.train.scaling[:2], by_channel.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(1 / kept.preprocessing["scale"][3], by_channel[:, 1].std() ** -1, rtol=1e-12)
    assert numbers.preprocessing["scale"][0] == 1  # the constant input
    np.testing.assert_allclose(numbers.train.inputs.mean(axis=0), 0, atol=1e-12)
    assert kept.processing["image"] == list(IMAGE)


def test_saved_bytes_and_their_subsets_keep_the_scaling(images, tmp_path):
    data = prepare(DataSpec(**images), reads_bytes=True)
    save(data, tmp_path)
    again = open_saved(tmp_path)
    assert again.train.inputs.dtype == np.uint8
    for part in (again.train, again.test, subset(again.train, 9, seed=0), *groups(again.train, seed=0)):
        np.testing.assert_array_equal(part.scaling, data.train.scaling)
    assert again.nbytes == ROWS * (24 + 4)


def test_bytes_as_numbers_are_those_of_float32(images):
    data, exact = (prepare(DataSpec(**images), dtype=dtype, reads_bytes=True) for dtype in ("float32", "float64"))
    numbers = as_numbers(data.test)
    assert (numbers.inputs.dtype, numbers.scaling) == (np.float32, None)
    np.testing.assert_allclose(numbers.inputs, real(exact.test), rtol=2e-6, atol=2e-7)
    assert as_numbers(numbers) is numbers


def test_channels_need_images(tmp_path):
    np.savez(tmp_path / "flat.npz", x=np.eye(20), y=np.arange(20) % 2)
    with pytest.raises(UsageError, match=r'data.standardize = "channels" is for images, but .*flat.npz has none: give true or'):
        prepare(DataSpec(path=str(tmp_path / "flat.npz"), target="y", task="classification", standardize="channels"))
