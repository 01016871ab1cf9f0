"""Ticks and scales of logarithmic axes, and lines with many points."""

from sweepgd.report.charts.log_axes import log_scale, log_ticks
from sweepgd.report.charts.style import MOST_POINTS, thinned


def test_ticks_are_round_and_within_the_range():
    assert log_ticks([0.011, 0.9]) == [0.02, 0.05, 0.1, 0.2, 0.5]
    assert log_ticks([1e-6, 1.0]) == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert log_ticks([0.0, 0.1, 1.0]) == [0.0, 0.1, 0.2, 0.5, 1.0]
    assert log_ticks([-1.0, 1.0]) == [-1.0, 0.0, 1.0]
    assert log_ticks([0.31, 0.34]) == [0.31, 0.32, 0.33, 0.34]
    assert log_ticks([0.3]) == [0.3]
    assert log_ticks([0.0]) == [0.0]
    assert len(log_ticks([1e-190, 1e190])) <= 9


def test_log_scales_accept_zero_and_a_single_value():
    assert log_scale([0.01, 1.0]).to_dict() == {"type": "log", "domain": [0.01, 1.0], "nice": False}
    assert log_scale([0.0, 0.5, 2.0]).to_dict() == {
        "type": "symlog", "constant": 0.5, "domain": [0.0, 2.0], "nice": False
    }  # fmt: skip
    assert log_scale([0.0]).to_dict()["domain"] == [0.0, 1.0]
    assert log_scale([2.0]).to_dict()["domain"] == [2.0 / 1.5, 3.0]


def test_a_long_line_is_thinned_and_keeps_its_ends():
    line = [{"update": update} for update in range(10_001)]
    short = thinned(line)
    assert (len(short), short[0], short[-1]) == (MOST_POINTS, line[0], line[-1])
