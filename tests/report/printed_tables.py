"""The tables of sharpness as printed, for a study whose measures follow the generalization gap."""

from rich.console import Console
from study_tables import Tables, curvature, curves, run, trials, value

from sweepgd.analysis.sharpness import sharpness
from sweepgd.report.summary_tables import render

SIZES, RATES = (16, 64, 400), (0.001, 0.01, 0.1, 1.0)


def sharpness_study() -> Tables:
    """Return a grid of three batch sizes and four rates with two seeds, whose λmax follows the gap; the trace is constant."""
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
