"""The normal numbers of kernels have the normal distribution, are unrelated from key to key, and are the same for a key."""

import naive
import numba
import numpy as np
import pytest
from scipy.stats import kstest, norm

from sweepgd.kernels.normal_numbers import EDGES, LAYERS, TAIL, mixed, next_normal, stream_of

COUNT = 1_000_000


@numba.njit
def drawn(key, count):
    counter = stream_of(key)
    numbers = np.empty(count)
    for i in range(count):
        numbers[i], counter = next_normal(counter)
    return numbers


@numba.njit
def first_of(keys):
    numbers = np.empty(keys.size)
    for i in range(keys.size):
        numbers[i], _ = next_normal(stream_of(keys[i]))
    return numbers


@numba.njit
def bits_of(key, count):
    counter = stream_of(key)
    found = np.empty(count, np.uint64)
    for i in range(count):
        counter += np.uint64(0x9E3779B97F4A7C15)
        found[i] = mixed(counter)
    return found


def test_bits_are_those_of_plain_splitmix64():
    for key in (0, 1, 2**62 - 1):
        stream = naive.random_bits(key)
        assert bits_of(key, 5).tolist() == [next(stream) for _ in range(5)]


def test_layers_have_equal_areas():
    heights = np.exp(-0.5 * EDGES**2)
    areas = EDGES[1:-1] * np.diff(heights[1:])
    np.testing.assert_allclose(areas, EDGES[0] * heights[1], rtol=1e-9)
    assert (len(EDGES), EDGES[1], EDGES[-1]) == (LAYERS + 1, TAIL, 0.0)


@pytest.mark.parametrize("numbers", [drawn(7, COUNT), first_of(np.arange(COUNT))], ids=["of one key", "of successive keys"])
def test_numbers_are_normal(numbers):
    assert kstest(numbers, "norm").pvalue > 0.01
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert np.mean(numbers**power) == pytest.approx(moment, abs=4 * np.sqrt(variance / COUNT)), power
    for limit in (2.0, 3.0, TAIL, 4.0):
        expected = 2 * norm.sf(limit) * COUNT
        assert np.sum(abs(numbers) > limit) == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_numbers_of_neighbours_and_of_successive_keys_are_unrelated():
    table = np.array([drawn(key, 100) for key in range(10_000)])
    for one, other in ((table[:, :-1], table[:, 1:]), (table[:-1], table[1:]), (table[:-1] ** 2 - 1, table[1:] ** 2 - 1)):
        assert np.mean(one * other) == pytest.approx(0, abs=4 * np.sqrt(np.mean(one**2) * np.mean(other**2) / one.size))


def test_the_same_key_gives_the_same_numbers():
    np.testing.assert_array_equal(drawn(3, 50), drawn(3, 100)[:50])
    assert not np.isin(drawn(3, 50), drawn(4, 50)).any()
