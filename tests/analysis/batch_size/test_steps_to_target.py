"""Updates, samples and seconds to a target, with the rate tuned anew by one half of the replicates and judged on the other."""

import numpy as np
import pytest
from analysis.batch_size.planted import TARGET, hyperbola, planted

from sweepgd.analysis.batch_size import steps_to_target, tuned_steps

MANY = (0.1, 0.14, 0.2, 0.28, 0.4, 0.57)


def table(study, replicates=4):
    return steps_to_target(tuned_steps(study.trials, study.curves, TARGET), TARGET, replicates).to_pylist()


def test_costs_of_the_best_rate_with_intervals_and_slopes():
    rows = table(planted(hyperbola, sizes=(1, 40, 400)))
    assert [row["batch_size"] for row in rows] == [1, 40, 400]
    for row, steps in zip(rows, (4100, 200, 110), strict=True):
        # Curves that cross at S(1 ± 0.01) have a mean curve that crosses near S; recorded updates are 1000 times those planted.
        assert row["steps"] == pytest.approx(1000 * steps, rel=0.01)
        assert row["samples"] == pytest.approx(1000 * steps * row["batch_size"], rel=0.01)
        assert row["seconds"] == pytest.approx(1e-6 * (10 + row["batch_size"]) * steps, rel=0.01)
        assert row["steps_low"] < 1000 * steps < row["steps_high"]
        assert (row["learning_rate"], row["at_end"], row["over"], row["configurations"]) == (0.2, False, "replicates", 4)
        assert (row["target"], row["level"], row["message"]) == ("validation_loss", 0.1, None)
    assert rows[0]["slope"] is None
    assert rows[1]["slope"] == pytest.approx(np.log(200 / 4100) / np.log(40), abs=0.02)
    assert rows[2]["slope_low"] < np.log(110 / 200) / np.log(10) < rows[2]["slope_high"]
    assert rows[1]["perfect_steps"] == pytest.approx(rows[0]["steps"] / 40)


def test_the_judged_half_is_not_the_one_that_chose():
    """Rate 0.2 is best on even replicates and 0.4 on odd ones, each twice as slow on the others."""

    def steps(optimizer, size, rate, replicate):
        return {0.2: (50, 200), 0.4: (200, 50)}.get(rate, (400, 400))[replicate % 2]

    row = table(planted(steps, sizes=(1,)))[0]
    assert row["steps"] == pytest.approx(200_000, rel=1e-6)
    assert row["lowest_steps"] < 150_000


def test_rates_at_the_end_of_their_range_are_flagged():
    rows = table(planted(hyperbola, sizes=(1, 2), rates=(0.2, 0.4, 0.8)))
    assert [row["at_end"] for row in rows] == [True, True]
    assert rows[0]["message"] == "the best rate is the lowest or highest tried"
    assert not table(planted(hyperbola, sizes=(1,), rates=(0.2,)))[0]["at_end"]


def test_a_rate_with_a_diverged_replicate_is_not_chosen_and_belongs_to_the_range():
    def steps(optimizer, size, rate, replicate):
        return None if rate == 0.4 and replicate == 2 else 100 / rate

    rows = table(planted(steps, sizes=(1,), rates=(0.1, 0.2, 0.4)))
    assert (rows[0]["learning_rate"], rows[0]["at_end"], rows[0]["left_out"]) == (0.2, False, 1)
    assert rows[0]["steps"] == pytest.approx(500_000, rel=1e-6)


def test_a_size_that_never_reaches_the_target_says_so():
    rows = table(planted(lambda optimizer, size, rate, replicate: None if size == 2 else 100, sizes=(1, 2, 4)))
    assert [row["steps"] is None for row in rows] == [False, True, False]
    assert rows[1]["message"] == "not reached"
    assert rows[2]["slope"] == pytest.approx(0, abs=1e-9)


def test_one_replicate_has_no_interval():
    row = table(planted(hyperbola, sizes=(1,), replicates=1), 1)[0]
    assert row["steps"] == pytest.approx(row["lowest_steps"])
    assert row["steps_low"] is None


def drawn_anew(study, count):
    """Return the study with `count` learning rates, of four replicates each, drawn at random."""
    rates = np.exp(np.random.default_rng(4).uniform(-3, 0, count)).repeat(4)
    column = study.trials.column_names.index("learning_rate")
    return study._replace(trials=study.trials.set_column(column, study.trials.schema.field(column), [rates]))


def test_drawn_rates_are_resampled_too():
    study = planted(hyperbola, sizes=(1, 2), rates=MANY)
    fixed, over_both = table(study), table(drawn_anew(study, 2 * len(MANY)))
    assert {row["over"] for row in over_both} == {"configurations and replicates"}
    width = [row["steps_high"] / row["steps_low"] for row in (fixed[0], over_both[0])]
    assert width[1] > width[0]


def test_fewer_than_five_configurations_are_not_resampled():
    study = planted(hyperbola, sizes=(1, 2))
    assert {row["over"] for row in table(drawn_anew(study, 8))} == {"replicates"}
