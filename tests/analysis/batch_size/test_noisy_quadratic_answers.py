"""On the noisy quadratic model, intervals contain the answers of the recursion, as the same functional of exact curves.

`uv run pytest tests/analysis/batch_size/test_noisy_quadratic_answers.py --slow -n 0` runs 100 seeds in about 7 minutes and
prints the counts.
"""

from functools import cache

import numpy as np
import pytest
from noisy_quadratic_study import EVERY, RATES, SAMPLES, TARGET, descend, evaluations, expected, simulated
from run_builders import configuration, data_of, model_for, training

from sweepgd.analysis.batch_size import critical_sizes, profiles, rate_law, tuned_steps
from sweepgd.training.start import kernel_key

REPLICATES, FEW, MANY = 16, 4, 100
ANSWERS = ("critical_size", "scaling_end", "exponent")


def answers(study, replicates):
    """The rows of SGD in the tables of critical sizes and of the law of the best rate for steps to the target."""
    tuned = tuned_steps(study.trials, study.curves, TARGET)
    critical = critical_sizes(tuned, replicates)
    law = rate_law(profiles(study.trials, tuned), replicates, critical)
    return critical.to_pylist()[0] | law.to_pylist()[0] | {"critical_verdict": critical["verdict"][0].as_py()}


@cache
def truth():
    return answers(expected(), 1)


def test_the_true_answers_are_those_of_earlier_measurements():
    """Pinned, so that a change of the functional shows: B_crit is 3 times the 20 % size, and the best rate nearly ∝ B."""
    found = truth()
    assert found["critical_size"] == pytest.approx(182.9, rel=1e-3)
    assert found["scaling_end"] == pytest.approx(59.0, rel=1e-3)
    assert found["exponent"] == pytest.approx(0.963, rel=1e-3)
    assert (found["size_from"], found["size_to"]) == (1, 16)  # up to half of the 20 % size
    assert found["misfit"] == pytest.approx(0.044, abs=0.001)


@pytest.mark.parametrize("seeds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "all"])
def test_intervals_contain_the_answers_in_nine_of_ten_seeds(capsys, seeds):
    inside, found = dict.fromkeys(ANSWERS, 0), 0
    for seed in range(seeds):
        measured = answers(simulated(1000 * seed, REPLICATES), REPLICATES)
        found += measured["critical_verdict"] == measured["verdict"] == "found"
        for name in ANSWERS:
            low, high = measured[f"{name}_low"], measured[f"{name}_high"]
            inside[name] += low is not None and low <= truth()[name] <= high
    if seeds == MANY:
        with capsys.disabled():
            print(f"\nof {seeds} seeds inside: {inside}, with verdict found: {found}")
    assert min(inside.values()) >= 0.9 * seeds - (seeds == FEW)
    assert found >= 0.9 * seeds


def test_momentum_saves_updates_at_large_batches_only():
    """Zhang et al. 2019: where noise limits, momentum is a larger rate; where curvature does, it is faster."""
    least = []
    for beta in (0.0, 0.5):
        study = expected((4, 512), tuple(rate * (1 - beta) for rate in (*RATES, 2.4 * 2**0.5, 4.8, 9.6)), beta)
        least.append([result.lowest for result in tuned_steps(study.trials, study.curves, TARGET)])
    assert least[1][0] == pytest.approx(least[0][0], rel=0.05)
    assert least[1][1] < 0.6 * least[0][1]


@pytest.mark.parametrize(("size", "rate"), [(4, 0.1), (256, 1.2)])
def test_simulated_curves_are_those_of_the_trainer(size, rate):
    rows = data_of(np.zeros((SAMPLES, 0)), np.zeros((SAMPLES, 0)))
    given = configuration(learning_rate=rate, batch_size=size)
    model = model_for(rows, "noisy_quadratic", dimension=20)
    run = training(given, rows, model, seed=3, samples=SAMPLES, eval_every=EVERY).run()
    at = evaluations(size)
    assert [point.update for point in run.points] == at.tolist()
    np.testing.assert_allclose([point.train_loss for point in run.points], descend(kernel_key(3), size, rate, at), rtol=1e-9)
