"""The first screen of `sweepgd analyze`."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from study_tables import run, trials

from sweepgd.record import CURVATURE, TRIALS
from sweepgd.report.first_screen import LINES, WIDTH, FirstScreen, picture

DESCRIBED = 'name = "study"\ndescription = "' + "Which batch size is best for a network? " * 12 + '"\n'


def results(table, sweep_toml=DESCRIBED):
    return SimpleNamespace(
        trials=table, curvature=CURVATURE.empty_table(), sweep_toml=sweep_toml, directory=Path("results/study")
    )


def lines(table, claims=(), width=200, **more):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(FirstScreen(results(table, **more), claims))
    return [line.rstrip() for line in capture.get().splitlines()]


def grid(replicates=3, diverged=()):
    """Two batch sizes, three rates and two optimizers."""
    rows = []
    for trial in range(12):
        size, rate, rule = (8, 64)[trial % 2], (0.01, 0.1, 1.0)[trial // 2 % 3], ("adam", "sgd")[trial // 6]
        columns = {"batch_size": size, "learning_rate": rate, "optimizer": rule}
        for replicate in range(replicates):
            objective = None if trial in diverged else 0.1 * (1 + trial % 5) + 0.013 * ((5 * trial + 3 * replicate**2) % 7)
            rows.append(run(trial, objective, replicate, **columns))
    return trials(*rows)


def test_the_findings_as_printed():
    shown = lines(grid(diverged=(4, 11)), sweep_toml='name = "study"\ndescription = "Which?"\n')
    assert shown == [
        "study: Which?",
        "Ran       mlp on digits; 12 configurations, 3 replicates each; runs: 30",
        "          completed, 6 diverged.",
        "Best      Trial 5: adam, batch size 64, rate 1.",
        "          Its mean validation loss over 3 replicates is 0.126, but it was chosen",
        "          for that; an honest estimate for a configuration chosen this way is",
        "          0.152 (95 %: 0.120 to 0.184).",
        "As good   3 of 10 complete configurations may be the best (at 95 %): optimizers",
        "          adam, sgd; batch sizes 8 to 64; rates 0.01 to 1.",
        "Diverged  6 of 36 runs at rate 1: adam 3 of 18, sgd 3 of 18.",
        "Picture   rate_batch_map.png, drawn by: sweepgd analyze results/study --figures",
        "          figures",
        "Next      sweepgd report results/study (a page with all figures)",
        "          sweepgd analyze results/study all (all tables), or one part: claims,",
        "          best, batch, optimizer, schedule, sharpness, importance",
    ]


@pytest.mark.parametrize("count", [0, 1, 4, 30])
@pytest.mark.parametrize(
    "table", [grid(), grid(1), grid(diverged=range(12)), grid().slice(0, 1), TRIALS.empty_table()],
    ids=["complete", "one replicate", "all diverged", "one run", "empty"],
)  # fmt: skip
def test_every_study_fits_on_one_screen(table, count):
    claim = {"claim": "The larger the batch is, the higher is the test error at equal epochs. " * 2}
    claim |= {"answer": "inconclusive", "not_run": False}
    shown = lines(table, [claim] * count)
    assert len(shown) <= LINES
    assert max(map(len, shown)) <= WIDTH
    assert sum("inconclusive" in line for line in shown) == (count if count < 10 else 25 - len(lines(table)) - 1)


def test_a_claim_about_runs_that_were_not_made_begins_with_the_reason():
    claim = {"claim": "It is.", "answer": "inconclusive", "not_run": True, "message": "no run has batch_size = 7"}
    assert "Claims    not run       no run has batch_size = 7: It is." in lines(grid(), [claim])


def test_a_narrow_terminal_gets_narrower_lines():
    assert max(map(len, lines(grid(), width=60))) <= 60


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (grid(), "rate_batch_map"),
        (trials(*(run(trial, 0.1, batch_size=8 + trial, learning_rate=trial + 1.0) for trial in range(3))), "loss_curves"),
        (trials(*(run(trial, 0.1, batch_size=8 * trial + 8, steps_to_goal=10) for trial in range(3))), "steps_by_batch_size"),
        (
            trials(*(run(trial, 0.1, learning_rate=trial + 1.0, optimizer=f"o{trial}") for trial in range(3))),
            "by_learning_rate",
        ),
        (trials(run(0, 0.1, data="none", batch_size=None)), "surface_paths"),
        (trials(run(0, 0.1), run(1, 0.2, learning_rate=1.0)), "loss_curves"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_picture_is_the_one_of_the_question(table, name):
    assert picture(results(table)) == name
