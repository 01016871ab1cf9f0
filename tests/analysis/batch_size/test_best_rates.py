"""The range of nearly best rates, its width, and the power law of its middle in the batch size."""

import numpy as np
import pytest
from analysis.batch_size.planted import TARGET, planted

from sweepgd.analysis.batch_size import best_rates, critical_sizes, profiles, rate_law, tuned_steps
from sweepgd.analysis.batch_size.rate_profiles import nearly_best

RATES = tuple(0.01 * 2.0 ** (step / 2) for step in range(20))


def power_law(exponent, width=1.0, least=50.0):
    """Steps are least at rate 0.05·B^exponent and grow with the square of the distance in log2, divided by the width."""

    def steps(optimizer, size, rate, replicate):
        distance = np.log2(rate / (0.05 * size**exponent)) + 0.02 * (replicate - 1.5)
        return min(least * (1 + 30 / size) * (1 + (distance / width) ** 2), 1e5)

    return steps


def tables(study, replicates=4, predict=None):
    tuned = tuned_steps(study.trials, study.curves, TARGET)
    found = profiles(study.trials, tuned)
    law = rate_law(found, replicates, critical_sizes(tuned, replicates), predict)
    return best_rates(found, replicates).to_pylist(), law.to_pylist()


def test_bounds_are_interpolated_between_rates_inside_and_outside():
    rates = np.array([1.0, 2.0, 4.0, 8.0])
    low, high = nearly_best(rates, np.array([[1.6, 1.0, 1.05, 3.0], [1.0, 2.0, 3.0, 4.0], [np.inf] * 4, [0.0, 0.0, 1.0, 1.0]]))
    assert np.exp(low[0]) == pytest.approx(2 * 0.5 ** (0.1 / 0.6))
    assert np.exp(high[0]) == pytest.approx(4 * 2 ** (0.05 / 0.95))  # values count as at most twice the best
    assert np.exp([low[1], high[1]]) == pytest.approx([1.0, 2**0.1])
    assert np.isnan([low[2], high[2]]).all()
    assert np.exp([low[3], high[3]]) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("width", [1.0, 2.0])
def test_width_is_that_of_the_valley(width):
    rows = [row for row in tables(planted(power_law(0.5, width), sizes=(4, 16), rates=RATES))[0] if row["criterion"] == "steps"]
    for row in rows:
        assert row["rate"] == pytest.approx(0.05 * row["batch_size"] ** 0.5, rel=0.05)
        assert np.log2(row["width"]) == pytest.approx(2 * width * np.sqrt(0.1), rel=0.25)
        assert row["rate_from"] < row["best_tried"] < row["rate_to"]
        assert row["width_low"] <= row["width"] <= row["width_high"]
        assert (row["rates"], row["at_end"], row["over"]) == (20, False, "replicates")
        assert (row["lowest_tried"], row["highest_tried"]) == (RATES[0], RATES[-1])


@pytest.mark.parametrize(("exponent", "name"), [(0.0, "zero"), (0.5, "half"), (1.0, "one")])
def test_the_exponent_and_the_rate_of_a_size_that_was_not_run(exponent, name):
    law = tables(planted(power_law(exponent), sizes=(1, 2, 4, 8, 16), rates=RATES), predict=6)[1][0]
    assert (law["criterion"], law["optimizer"], law["verdict"]) == ("steps", "sgd", "found")
    assert law["exponent"] == pytest.approx(exponent, abs=0.03)
    assert law["predicted_rate"] == pytest.approx(0.05 * 6**exponent, rel=0.05)
    assert law["predicted_rate_low"] < law["predicted_rate"] < law["predicted_rate_high"]
    assert law["exponent_low"] - 0.03 <= exponent <= law["exponent_high"] + 0.03
    outside = {"zero", "half", "one"} - {name}
    assert [law[f"contains_{other}"] for other in outside] == [False, False]


def test_a_rate_at_the_end_of_its_range_voids_the_law():
    law = tables(planted(power_law(1.0), sizes=(1, 2, 4, 8), rates=RATES[:10]))[1][0]
    assert (law["criterion"], law["verdict"], law["contains_one"]) == ("steps", "void", None)
    assert "the best rate is the lowest or highest tried at batch size 4, 8: widen the range of rates" in law["message"]


def test_coarse_rates_few_sizes_and_few_replicates_are_told():
    coarse = tables(planted(power_law(0.5), sizes=(1, 2, 4), rates=(0.005, 0.05, 0.5, 5.0)))[1][0]
    assert "rates that are a factor of 10 apart" in coarse["message"]
    few = tables(planted(power_law(0.5), sizes=(1, 2), rates=RATES))[1][0]
    assert (few["verdict"], few["message"].split(";")[0]) == ("too few", "2 batch sizes, but the fit needs 3")
    alone = tables(planted(power_law(0.5), sizes=(1, 2, 4), rates=RATES, replicates=1), 1)[1][0]
    assert (alone["verdict"], alone["contains_half"], alone["exponent"]) == ("too few", None, pytest.approx(0.5, abs=0.1))


def test_without_a_target_the_objective_decides():
    study = planted(power_law(0.5), sizes=(1, 2, 4), rates=RATES)
    rows = best_rates(profiles(study.trials, []), 4).to_pylist()
    assert {row["criterion"] for row in rows} == {"objective"}
    assert len(rows) == 3
