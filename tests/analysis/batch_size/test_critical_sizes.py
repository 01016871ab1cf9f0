"""Critical batch sizes of planted laws, and the verdicts where a sweep cannot give them."""

import pytest
from analysis.batch_size.planted import TARGET, hyperbola, planted

from sweepgd.analysis.batch_size import critical_sizes, tuned_steps


def row(study, replicates=4):
    (found,) = critical_sizes(tuned_steps(study.trials, study.curves, TARGET), replicates).to_pylist()
    return found


def test_the_critical_sizes_of_a_hyperbola():
    found = row(planted(hyperbola))
    assert found["critical_size"] == pytest.approx(40, rel=0.02)
    assert found["scaling_end"] == pytest.approx(0.2 * 40 + 1.2, rel=0.03)
    assert found["least_steps"] == pytest.approx(100_000, rel=0.02)
    assert found["least_samples"] == pytest.approx(4_000_000, rel=0.02)
    assert found["misfit"] < 0.005
    for name in ("critical_size", "scaling_end", "least_steps", "least_samples"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert (found["sizes"], found["size_from"], found["size_to"]) == (9, 1, 256)
    assert (found["verdict"], found["message"], found["over"]) == ("found", None, "replicates")


def test_a_best_rate_at_the_end_of_its_range_voids_the_verdict():
    found = row(planted(hyperbola, rates=(0.2, 0.4, 0.8)))
    assert found["verdict"] == "void"
    assert found["message"].startswith("the best rate is the lowest or highest tried at batch size 1, 2, 4, ")
    assert found["critical_size"] == pytest.approx(40, rel=0.02)


def test_sizes_beyond_those_run_are_not_found():
    found = row(planted(hyperbola, sizes=(1, 2, 4, 8, 16)))
    assert (found["verdict"], found["message"]) == ("beyond", "B_crit outside the sizes that were run")
    found = row(planted(lambda o, size, rate, r: 100 / size * (1 + abs(rate - 0.2)) * (1 + r / 50)))
    assert (found["verdict"], found["message"]) == ("beyond", "20 % size and B_crit outside the sizes that were run")


def test_too_few_sizes_or_replicates():
    found = row(planted(hyperbola, sizes=(1, 2, 4)))
    assert (found["verdict"], found["message"]) == ("too few", "3 batch sizes reached the target, but the fits need 4")
    found = row(planted(hyperbola, replicates=3), 3)
    assert found["verdict"] == "too few"
    assert found["message"].startswith("no interval: too few replicates (4 are needed)")
    assert found["critical_size"] == pytest.approx(40, rel=0.02)


def test_sizes_that_did_not_reach_the_target_are_named():
    found = row(planted(lambda o, size, rate, r: None if size == 256 else hyperbola(o, size, rate, r)))
    assert (found["sizes"], found["verdict"], found["message"]) == (8, "found", "not reached at batch size 256")


def test_each_optimizer_has_its_own_size():
    critical = {"sgd": 20, "momentum": 80}
    study = planted(lambda o, size, rate, r: hyperbola(o, size, rate, r, critical=critical[o]), optimizers=("sgd", "momentum"))
    table = critical_sizes(tuned_steps(study.trials, study.curves, TARGET), 4).to_pylist()
    assert [found["optimizer"] for found in table] == ["momentum", "sgd"]
    assert [found["critical_size"] for found in table] == [pytest.approx(80, rel=0.02), pytest.approx(20, rel=0.02)]
