"""Unintended float64 operations in float32 loops are found by line; explicit ones are not reported."""

import numpy as np
import pytest

from sweepgd.kernels import helper
from sweepgd.kernels.widening import widened_lines


def lines(function):
    return [line.text for line in widened_lines("update", function)]


def plain(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i]


def literal(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        mean = 0.9 * slots[0, i] + eta * gradient[i]
        slots[0, i] = mean
        theta[i] -= eta * slots[0, i]


def whole(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta -= theta.dtype.type(learning_rate) * (gradient + 1e-8)


def counted(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i] / t


def clipped(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * max(gradient[i], hyper[0])


@helper
def twice(value):
    return 2.0 * value


def helped(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * theta.dtype.type(twice(gradient[i]))


WIDENING = {
    plain: ["theta[i] -= learning_rate * gradient[i]"],
    literal: ["mean = 0.9 * slots[0, i] + eta * gradient[i]"],
    whole: ["theta -= theta.dtype.type(learning_rate) * (gradient + 1e-8)"],
    counted: ["theta[i] -= eta * gradient[i] / t"],
    clipped: ["theta[i] -= eta * max(gradient[i], hyper[0])"],
    helped: ["return 2.0 * value"],
}


@pytest.mark.parametrize("function", WIDENING, ids=lambda function: function.__name__)
def test_a_float64_operation_is_found_by_its_line(function):
    assert lines(function) == WIDENING[function]


def cast(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    real = theta.dtype.type
    eta, half = real(learning_rate), real(0.5)
    for i in range(lo, hi):
        theta[i] -= eta * half * np.sqrt(gradient[i]) ** 2


def outside(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    step = learning_rate * gradient[0] + 0.5 * theta[0]
    eta = theta.dtype.type(step)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


def float64_sum(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    total = 0.0
    for i in range(lo, hi):
        total += gradient[i] * gradient[i]
        total = total + theta[i]
    for i in range(lo, hi):
        theta[i] -= theta.dtype.type(total) * gradient[i]


def explicit(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= theta.dtype.type(np.float64(gradient[i]) * theta[i])


@pytest.mark.parametrize("function", [cast, outside, float64_sum, explicit], ids=lambda function: function.__name__)
def test_explicit_or_cheap_float64_is_not_reported(function):
    assert lines(function) == []


def test_a_kernel_that_does_not_compile_has_no_widened_lines():
    def broken(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
        theta[lo] = "much"

    assert lines(broken) == []
