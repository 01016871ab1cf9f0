"""Derivatives that are needed at the same time have different places in memory."""

import numpy as np
from kernels.layered_cases import Network

from sweepgd.kernels.layers import layer_table as at


def places(network):
    """The first and the last index of the derivatives of each layer's output, after the values."""
    settings = network.settings
    rows = settings[at.HEADER :].reshape(-1, at.COLUMNS)
    starts = rows[:, at.DERIVATIVE] - settings[at.VALUES]
    sizes = np.prod(rows[:, at.OUT_HEIGHT : at.OUT_HEIGHT + 3], axis=1)
    return list(zip(starts, starts + sizes, strict=True))


def test_a_chain_needs_two_derivatives_at_a_time():
    network = Network((1, 1, 4))
    value = network.start
    for units in (6, 5, 3, 7):
        value = network.dense(value, units)
    assert places(network) == [(5, 11), (0, 5), (7, 10), (0, 7)]


def test_the_input_of_a_residual_block_keeps_its_derivative():
    network = Network((2, 2, 1))
    first = network.conv(network.start, 1, 1, 1)
    value = network.conv(network.conv(first, 1, 1, 1), 1, 1, 1)
    network.dense(network.sum(value, first), 2)
    of_first, of_second, of_third, of_sum, of_outputs = places(network)
    for other in (of_second, of_third, of_sum):
        assert of_first[1] <= other[0] or other[1] <= of_first[0]
    assert network.settings[at.MEMORY] == network.settings[at.VALUES] + 12
    assert of_outputs[1] <= 12


def test_batch_normalization_works_in_place_unless_another_layer_reads_its_input():
    for is_read_again in (False, True):
        network = Network((2, 2, 1))
        first = network.conv(network.start, 3, 1, 1)
        value = network.norm(first, at.BATCH_NORM)
        network.dense(network.sum(value, first) if is_read_again else value, 2)
        (start, end), (other_start, other_end) = places(network)[:2]
        if is_read_again:
            assert end <= other_start or other_end <= start
        else:
            assert (start, end) == (other_start, other_end)
