from pathlib import Path

import pytest
from linear_sweep import sweep

from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.sweep.measure_options import as_command, in_words, measuring


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ({}, "--measures lambda_max", "lambda_max at the final weights, on at most 512 training rows"),
        (
            {"measures": ["sam", "phi", "sam"], "which": ["best", "final"], "rows": "full", "seed": 3, "dtype": "float64"},
            "--measures sam,phi --rows full --which best,final --dtype float64 --seed 3",
            "sam, phi at the best and final weights, on all training rows",
        ),
        (
            {"every": 2, "rescale": 1.5},
            "--measures lambda_max --rescale 1.5",
            "lambda_max at the final weights, on at most 512 training rows; also with layers rescaled by 1.5;"
            " lambda_max every 2 epochs",
        ),
        (
            {"settings": {"lambda_max": {"k": 2, "tolerance": 1e-4}, "phi": {"iterations": 3}}},
            "--measures lambda_max --set measure.settings.lambda_max.k=2",
            "lambda_max at the final weights, on at most 512 training rows",
        ),
        (
            {"measures": ["phi"], "settings": {"phi": {"epsilon": [0.01, 0.1]}}},
            "--measures phi --set 'measure.settings.phi.epsilon=[0.01, 0.1]'",
            "phi at the final weights, on at most 512 training rows",
        ),
    ],
)
def test_measure_options_in_words_and_as_a_command(given, options, words):
    spec = MeasureSpec(**given)
    assert as_command(Path("my results"), spec) == f"sweepgd measure 'my results' {options}"
    assert in_words(spec) == words


def test_without_options_the_measures_are_those_of_a_sweep_file():
    assert measuring(sweep("measure.measures=['sam']"), {}, []).measure == MeasureSpec()
