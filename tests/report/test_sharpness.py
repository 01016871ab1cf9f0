import pytest
from rich.console import Console
from study_tables import Tables, curvature, curves, run, trials, value

from sweepgd.analysis.sharpness import sharpness
from sweepgd.report.tables import render

SIZES, RATES = (16, 64, 400), (0.001, 0.01, 0.1, 1.0)


def study() -> Tables:
    """Three batch sizes by four rates, two seeds, in which λmax follows the gap and the trace is constant."""
    rows, recorded, points = [], [], []
    for trial in range(12):
        size, rate = SIZES[trial // 4], RATES[trial % 4]
        for replicate in range(2):
            gap = 0.01 * (trial + 1) + 0.001 * replicate
            losses = {"train_loss": 0.009 + 0.0001 * trial, "train_error": 0.001 * (replicate + 1), "test_error": gap / 2}
            columns = {"batch_size": size, "learning_rate": rate, "generalization_gap": gap} | losses
            rows.append(run(trial, gap, replicate, **columns))
            recorded += [value(trial, 100 * gap, "lambda_max", replicate), value(trial, 7.0, "trace", replicate)]
            recorded.append(value(trial, 500 * gap, "lambda_max", replicate, rescaling=5.0))
            recorded.append(value(trial, 1.5 / rate, "lambda_max", replicate, which="path"))
            points.append({"trial": trial, "replicate": replicate, "update": 100, "epoch": 1.0, "learning_rate": rate})
    return Tables(trials(*rows), curves=curves(*points), curvature=curvature(*recorded))


def text(results: Tables, width: int = 120) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(sharpness(results)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def answer(shown: str, question: str) -> list[str]:
    lines = shown.splitlines()
    start = lines.index(question)
    return lines[start : [*lines, ""].index("", start)]


def test_the_correlations_read_as_printed():
    lines = answer(text(study()), "Does a larger measure go with a larger generalization gap?")
    assert lines[2:5] == [
        "measure     among              runs  gurations  pairs      train loss      ρ    τ-b       interval  verdict",
        "─" * 120,
        "lambda_max  all runs             24         12    276                  +1.00  +1.00  +1.00 … +1.00  larger gap",
    ]
    table = [line.split() for line in lines]
    assert ["lambda_max", "all", "runs", "24", "12", "276", "+1.00", "+1.00", "+1.00", "…", "+1.00", "larger", "gap"] in table
    # Each run has the rate and batch size of one other, its replicate.
    assert ["equal", "rate,", "batch", "24", "12", "12", "+1.00", "+1.00", "…", "+1.00", "larger", "gap"] in table
    assert ["equal", "train", "loss", "24", "12", "196", "0.009", "…", "0.0101", "inconclusive"] in table
    assert sum("constant" in line for line in lines) == 1


def test_small_against_large_batch_names_its_matching():
    lines = answer(text(study()), "Small against large batch")
    assert lines[2].split()[:4] == ["batch", "16", "batch", "400"]
    [error] = [line.split() for line in lines if line.startswith("test error %")]
    assert error[3:7] == ["1.28", "±0.60", "5.27", "±0.60"]
    assert "8 and 8 runs at matched train loss, 0.00900 … 0.0101" in " ".join(lines)


def test_the_edge_of_stability_and_the_rescaling_read_as_printed():
    shown = text(study())
    edge = [line.split() for line in answer(shown, "Did λmax reach 2/rate along training?")]
    assert ["3", "sgd", "16", "2", "0", "1", "1", "1.50", "2.00", "0.750"] in edge
    assert "the 10 of 12 configurations that came closest" in shown
    rescaled = answer(shown, "What changes when layers are rescaled by 5, and the network's outputs are not?")
    assert ["lambda_max", "24", "5.00", "0", "changes", "changes"] in [line.split() for line in rescaled]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_narrow_console_crops_no_value(width):
    shown = text(study(), width)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert "…" not in shown.replace(" … ", "")
    assert "too narrow here for pairs" in shown or width == 120


def test_what_was_not_measured_says_how_to_get_it():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, 1.0))))
    assert "nothing to compare: runs of two batch sizes did not complete" in shown
    assert "not measured along training: a sweep's [measure] does with every = 1" in shown
    assert "not measured at rescaled weights: sweepgd measure does with --rescale 10" in shown
    assert "no runs with measure" in shown


def test_values_that_are_missing_are_counted_with_their_reason():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, None, message="the loss is not finite"))))
    assert "1: the loss is not finite" in " ".join(shown.split())
