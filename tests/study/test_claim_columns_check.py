"""A claim about a column that the results will not have is refused before any trial runs, and one about values that no
configuration has is a warning.
"""

import pytest
from linear_sweep import sweep

from sweepgd.core.errors import UsageError
from sweepgd.study.preparation import prepare


def claim(*overrides, **keys):
    text = ", ".join(f"{key} = {value}" for key, value in {"says": '"s"', "statistic": '"mean"', **keys}.items())
    space = ("space.optimizer=['sgd','adam']", "optimizer.adam.beta1=[0.8,0.9]", "space.batch_size=[5,10,'full']")
    return prepare(sweep(*space, *overrides, f"claims=[{{{text}}}]"))


@pytest.mark.parametrize("of", ["train_loss", "diverged", "lambda_max", "beta1", "warmup", "data.rows"])
def test_columns_of_the_record_hyperparameters_settings_and_measures_are_known(of):
    assert claim(of=f'"{of}"').sweep.claims[0].of == of


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"of": '"train_los"'}, "claims[0].of = 'train_los': no such column: did you mean 'train_loss'?"),
        ({"of": '"adam.beta1"'}, "claims[0].of = 'adam.beta1': no such column: did you mean 'beta1'?"),
        (
            {"of": '"train_loss"', "where": "{ betal = 0.9 }"},
            "claims[0].where.betal = 'betal': no such column: did you mean 'beta1'?",
        ),
        (
            {"of": '"train_loss"', "by": '"optimizer"', "groups": '["sgd", "adamm"]', "statistic": '"difference"'},
            "claims[0].groups = 'adamm': no such optimizer: did you mean 'adam'?",
        ),
        (
            {"of": '"train_loss"', "where": '{ status = "complete" }'},
            "claims[0].where.status = 'complete': no such status: did you mean 'completed'?",
        ),
    ],
)
def test_another_column_is_refused(keys, line):
    with pytest.raises(UsageError) as error:
        claim(**keys)
    assert str(error.value) == line


POINT = "points=[{batch_size=7,learning_rate=0.5,optimizer='sgd'}]"


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("batch_size = [5, 34, 7]", None),
        ("batch_size = { max = 6 }", None),
        ("batch_size = { min = 35 }", "batch_size from 35; the sweep has 5, 10, 34, 7"),
        ("batch_size = [5, 31]", "batch_size 31; the sweep has 5, 10, 34, 7"),
        ('optimizer = "nadam"', "optimizer nadam; the sweep has sgd, adam"),
        ("beta1 = 0.09", "beta1 0.09; the sweep has 0.8, 0.9"),
        ("beta2 = 0.999", None),
        ("learning_rate = 0.3", None),
        ("learning_rate = 0.5", None),
        ("learning_rate = { min = 0.4 }", None),
        ("learning_rate = 0.4", "learning_rate 0.4; the sweep has 0.5, 0.001 to 0.3"),
    ],
)
def test_a_value_that_no_configuration_has_is_a_warning(where, line):
    found = claim(POINT, "optimizer.adam.beta2=[0.99,0.999]", of='"train_loss"', where=f"{{ {where} }}").warnings
    assert found == ([] if line is None else [f"claims[0] ('s'): no configuration has {line}"])
