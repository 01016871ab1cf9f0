import pytest
from study_tables import run, trials

from sweepgd.landscape import Run, best, pair
from sweepgd.problem import Problem, UsageProblem


def test_a_run_is_written_as_trial_and_replicate():
    assert Run.parse("7") == Run(7, 0)
    assert Run.parse("7.12") == Run(7, 12)
    assert str(Run(3, 1)) == "3.1"


@pytest.mark.parametrize("text", ["", "x", "7.", ".1", "1.2.3", "-1", "1.5e3"])
def test_what_names_no_run_is_one_line(text):
    with pytest.raises(UsageProblem, match=r"names no run: write TRIAL or TRIAL.REPLICATE"):
        Run.parse(text)


def test_the_best_run_has_the_lowest_validation_loss_and_else_train_loss():
    table = trials(run(0, 0.5, train_loss=0.1), run(1, 0.2, 1, train_loss=0.3), run(2, None))
    assert best(table) == Run(1, 1)
    assert best(trials(run(0, 0.5, train_loss=0.1) | {"validation_loss": None})) == Run(0)
    with pytest.raises(Problem, match="no run completed"):
        best(trials(run(0, None)))


def test_the_pair_is_the_best_of_the_smallest_and_of_the_largest_batch_size_on_the_same_data():
    sized = [(0, 0.3, 8), (1, 0.2, 8), (2, 0.1, 32), (3, 0.5, 128), (4, 0.4, 128), (5, None, 512)]
    rows = [run(trial, loss, batch_size=size, data_seed=0) for trial, loss, size in sized]
    assert pair(trials(*rows)) == (Run(1), Run(4))
    assert pair(trials(*rows[:4], rows[4] | {"data_seed": 1})) == (Run(1), Run(3))
    with pytest.raises(Problem, match="all runs completed on the same data have 8: name its ends"):
        pair(trials(*rows[:2], rows[5]))
