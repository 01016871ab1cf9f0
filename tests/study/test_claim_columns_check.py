"""A claim about a column that the results will not have is refused before any trial runs."""

import pytest
from linear_sweep import sweep

from sweepgd.core.errors import UsageError
from sweepgd.study.preparation import prepare


def claim(**keys):
    text = ", ".join(f"{key} = {value}" for key, value in {"says": '"s"', "statistic": '"mean"', **keys}.items())
    return prepare(sweep("space.optimizer=['sgd','adam']", "optimizer.adam.beta1=[0.8,0.9]", f"claims=[{{{text}}}]"))


@pytest.mark.parametrize("of", ["train_loss", "diverged", "lambda_max", "beta1", "warmup", "data.rows"])
def test_columns_of_the_record_hyperparameters_settings_and_measures_are_known(of):
    assert claim(of=f'"{of}"').sweep.claims[0].of == of


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"of": '"train_los"'}, "claims[0].of = 'train_los': no such column: did you mean 'train_loss'?"),
        (
            {"of": '"train_loss"', "where": "{ betal = 0.9 }"},
            "claims[0].where.betal = 'betal': no such column: did you mean 'beta1'?",
        ),
    ],
)
def test_another_column_is_refused(keys, line):
    with pytest.raises(UsageError) as error:
        claim(**keys)
    assert str(error.value) == line
