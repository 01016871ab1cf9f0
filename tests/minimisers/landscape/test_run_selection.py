import pytest
from study_tables import run, trials

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.minimisers.landscape import RunKey, best, pair


def test_a_run_is_written_as_trial_and_replicate():
    assert RunKey.parse("7") == RunKey(7, 0)
    assert RunKey.parse("7.12") == RunKey(7, 12)
    assert str(RunKey(3, 1)) == "3.1"


@pytest.mark.parametrize("text", ["", "x", "7.", ".1", "1.2.3", "-1", "1.5e3"])
def test_what_names_no_run_is_one_line(text):
    with pytest.raises(UsageError, match=r"is not the name of a run: write TRIAL or TRIAL.REPLICATE"):
        RunKey.parse(text)


def test_the_best_run_has_the_lowest_validation_loss_and_else_train_loss():
    table = trials(run(0, 0.5, train_loss=0.1), run(1, 0.2, 1, train_loss=0.3), run(2, None))
    assert best(table) == RunKey(1, 1)
    assert best(trials(run(0, 0.5, train_loss=0.1) | {"validation_loss": None})) == RunKey(0)
    with pytest.raises(SweepgdError, match="no run completed"):
        best(trials(run(0, None)))


def test_the_pair_of_extreme_batch_sizes_is_the_nearest_in_log_train_loss():
    sized = [(0, 0.011, 8), (1, 0.002, 8), (2, 0.0021, 32), (3, 0.0099, 128), (4, 0.003, 128), (5, None, 512)]
    rows = [run(trial, loss, batch_size=size, data_seed=0, train_loss=loss) for trial, loss, size in sized]
    assert pair(trials(*rows)) == (RunKey(0), RunKey(3))  # by 10 %, though 1 and 4 are nearer in the loss itself
    assert pair(trials(*rows[:3], rows[3] | {"data_seed": 1}, rows[4])) == (RunKey(1), RunKey(4))
    assert pair(trials(*rows[:3], *(row | {"data_seed": 1} for row in rows[3:5]))) == (RunKey(1), RunKey(2))
    with pytest.raises(SweepgdError, match="all completed runs on the same data have 8: name two runs"):
        pair(trials(*rows[:2], rows[5]))


def test_losses_of_0_are_a_pair():
    rows = [run(trial, loss, batch_size=size, data_seed=0, train_loss=loss)
            for trial, loss, size in [(0, 1e-9, 8), (1, 0.0, 8), (2, 1e-3, 64), (3, 0.0, 64)]]  # fmt: skip
    assert pair(trials(*rows)) == (RunKey(1), RunKey(3))
