import pytest
from study_tables import curves, run, trials

from sweepgd.analysis import mean_curves
from sweepgd.core.errors import UsageError


def points(*wanted):
    """Return a curve of two evaluations for each (trial, replicate)."""
    return curves(
        *(
            {
                "trial": t,
                "replicate": r,
                "update": u,
                "epoch": u / 2,
                "seconds": u / 10 + r,
                "learning_rate": 0.5 if u else None,
            }
            | {"train_loss": 10.0 * t + r + u}
            for t, r in wanted
            for u in (0, 2)
        )
    )


def test_a_level_is_its_best_configuration_or_its_first_if_none_completed():
    table = trials(
        run(0, 3.0), run(1, 2.0), run(2, None, optimizer="adam"), run(3, None, optimizer="adam")
    )  # fmt: skip
    found = mean_curves(table, points((0, 0), (1, 0), (2, 0), (3, 0)), "optimizer").to_pylist()
    assert [(row["level"], row["trial"], row["status"]) for row in found[::2]] == [
        ("adam", 2, "diverged"),
        ("sgd", 1, "completed"),
    ]


@pytest.mark.parametrize(("factor", "levels"), [("learning_rate", [0.1, 0.1, 5.0]), ("trial", [0, 1, 2])])
def test_every_configuration_is_a_line_of_a_rate_and_of_a_trial(factor, levels):
    table = trials(run(0, 3.0), run(1, 2.0), run(2, None, learning_rate=5.0))
    found = mean_curves(table, points((0, 0), (1, 0), (2, 0)), factor).to_pylist()
    assert [(row["level"], row["trial"]) for row in found[::2]] == list(zip(levels, (0, 1, 2), strict=True))


def test_without_completed_replicates_the_first_that_diverged_is_the_curve():
    table = trials(run(0, None, 0, status="failed"), run(0, None, 1), run(0, None, 2))
    found = mean_curves(table, points((0, 0), (0, 1), (0, 2))).to_pylist()
    assert [(row["status"], row["train_loss"], row["train_loss_se"]) for row in found] == [
        ("diverged", 1.0, None), ("diverged", 3.0, None)
    ]  # fmt: skip
    pruned = mean_curves(trials(run(0, None, 0, status="pruned")), points((0, 0))).to_pylist()
    assert [row["status"] for row in pruned] == ["pruned", "pruned"]


def test_epochs_rates_and_losses_are_means_with_standard_errors_and_times_are_low():
    table = trials(*(run(0, 1.0, r, seconds_per_update=r + 0.5) for r in range(3)))
    start, end = mean_curves(table, points((0, 0), (0, 1), (0, 2))).to_pylist()
    assert (start["seconds"], start["rate"], start["train_loss"]) == (0.0, None, 1.0)
    assert (end["epoch"], end["seconds"], end["rate"], end["train_loss"]) == (1.0, pytest.approx(1.4), 0.5, 3.0)  # 2 · 0.7 s
    assert end["train_loss_se"] == pytest.approx(3**-0.5)


def test_a_factor_without_values_gives_no_lines_and_an_unknown_one_is_refused():
    assert mean_curves(trials(run(0, 1.0, batch_size=None)), points((0, 0))).num_rows == 0
    with pytest.raises(UsageError, match="unknown factor 'rate'"):
        mean_curves(trials(), curves(), "rate")
