"""The tables on the effect of the batch size as printed, for planted laws."""

from analysis.batch_size.planted import hyperbola, planted
from rich.console import Console
from study_tables import curvature, run, trials, value

from sweepgd.analysis.batch_size import batch_size_tables
from sweepgd.report.batch_size import BATCH_SIZE
from sweepgd.report.summary_tables import render

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


def text(study, width=160, level=None):
    """The lines that are printed, by the question above them."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(batch_size_tables(study, level)))
    blocks = "\n".join(line.rstrip() for line in capture.get().splitlines()).strip().split("\n\n")
    return {block.splitlines()[0]: block.splitlines()[1:] for block in blocks if block}


def test_the_tables_of_a_hyperbola():
    shown = text(planted(hyperbola, sizes=SIZES))
    assert list(shown) == [
        "How many updates to validation loss 0.1? Each batch size at its best rate",
        "Up to which batch size do larger batches save updates?",
        "Which rates are good at each batch size, and how wide is the choice?",
        "How does the best rate follow the batch size?",
        "From which batch size on does an update take longer?",
        "Batch sizes at equal epochs, updates, time and train loss",
    ]
    steps, critical, rates, law, times, equal = shown.values()
    assert [line.split()[:2] for line in steps[3:5]] == [["1", "0.2"], ["2", "0.2"]]
    assert "chosen by half of the replicates, judged on the other half" in steps[-2]
    sgd = critical[3].split()
    assert (sgd[:2], sgd[-1]) == (["sgd", "8"], "found")
    assert "(McCandlish et al. 2018)" in " ".join(critical)
    assert "best = fewest updates to the target" in " ".join(rates)
    assert "possible" in law[3]
    assert times[3].split()[0] == "sgd"
    assert times[3].split()[-1] == "10.0"
    assert "equal: 0.1" not in " ".join(equal)
    assert "intervals with --json" in " ".join(equal)


def test_rates_at_the_end_are_starred_and_void():
    shown = text(planted(hyperbola, sizes=SIZES, rates=(0.2, 0.4, 0.8, 1.6)))
    steps, critical = list(shown.values())[:2]
    assert steps[3].split()[:2] == ["1", "0.2*"]
    assert "* = lowest or highest rate tried: widen the range of rates" in " ".join(steps)
    assert "void = the best rate is the lowest or highest tried at batch size 1, 2, 4" in " ".join(critical)


def test_without_a_goal_a_level_makes_the_target():
    study = planted(hyperbola, sizes=SIZES, goal=None)
    assert next(iter(text(study))) == "Which rates are good at each batch size, and how wide is the choice?"
    assert next(iter(text(study, level=0.05))) == "How many updates to validation loss 0.05? Each batch size at its best rate"


def test_sizes_that_were_not_tuned_are_left_out():
    assert list(text(planted(hyperbola, sizes=SIZES, rates=(0.2, 0.4)))) == [
        "Up to which batch size do larger batches save updates?",
        "From which batch size on does an update take longer?",
    ]


def test_many_rows_are_cut_and_a_second_optimizer_is_named():
    shown = text(planted(hyperbola, sizes=SIZES, optimizers=("adam", *"abcdefg")))
    steps = next(iter(shown.values()))
    assert steps[3].split()[:2] == ["a", "1"]
    assert "4 more rows with --json" in " ".join(steps)


def test_stable_rates_name_the_formula():
    grid = [(size, rate) for size in (8, 16) for rate in (0.1, 0.2, 0.5, 1.0)]
    rows = [
        run(trial, None if (size, rate) == (8, 1.0) else 1.0, batch_size=size, learning_rate=rate)
        for trial, (size, rate) in enumerate(grid)
    ]
    measured = curvature(*(value(trial, 3.0) for trial in range(8)))
    study = planted(hyperbola)._replace(trials=trials(*rows), curvature=measured)
    lines = text(study)["What is the largest stable learning rate?"]
    assert [line.split()[:2] for line in lines[3:5]] == [["8", "0.5"], ["16", "≥"]]
    assert "allowed: sgd 2/λmax" in " ".join(lines)


def test_one_batch_size_gives_no_tables_and_no_rows_no_answer():
    assert batch_size_tables(planted(hyperbola, sizes=(8,))) == {}
    assert [answer([]) for answer in BATCH_SIZE.values()] == [None] * len(BATCH_SIZE)
