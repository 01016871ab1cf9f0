import pytest

from sweepgd.report.number_format import duration, percent, short, significant, spread, whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.12, "0.120"),
        (0.000123456, "0.000123"),
        (1.5e-5, "1.50e-5"),
        (-2.5, "-2.50"),
        (123.4, "123"),
        (999.9, "1000"),
        (1437.0, "1437"),
        (2.5e7, "2.50e7"),
    ],
)
def test_significant(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.1, "0.1"), (1e-5, "1e-5"), (0.00314159, "0.00314"), (2048.0, "2048"), (1e6, "1e6"), (5, "5")),
        *((0.999, "0.999"), (0.9999, "0.9999"), (0.9936, "0.9936"), (0.99990019, "0.9999"), (1 - 1e-9, "0.999999999")),
    ],
)
def test_short(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (2.7e-8, "27.0 ns"),
        (9.999e-4, "1.00 ms"),
        (1.23e-5, "12.3 µs"),
        (4.56, "4.56 s"),
        (90, "1.50 min"),
        (7200, "2.00 h"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_percent_and_whole():
    assert percent(0.01234) == "1.23"
    assert whole(99.6) == "100"


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (1.999983, 0.00029, "1.99998 ±0.00029"),
        (-3.4, 0.0111, "-3.400 ±0.011"),
        (171.26, 2.54, "171.3 ±2.5"),
        (171.26, 25.4, "171 ±25"),
        (-1e-9, 0.002, "0.0000 ±0.0020"),
        (0.5, 0.0, "0.5000 ±0.0"),
        (0.5, 1e-9, "0.5000 ±1.0e-9"),
        (12345.0, 678.0, "12345 ±678"),
    ],
)
def test_spread(mean, deviation, text):
    assert spread(mean, deviation) == text
