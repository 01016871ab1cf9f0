"""The table of the importance of hyperparameters."""

from rich.console import Console
from study_tables import run, trials

from sweepgd.analysis.importance import importance
from sweepgd.report.summary_tables import render


def test_the_table_of_importance_as_printed():
    table = trials(*(run(4 * i + j, i + 0.01 * j, learning_rate=10.0**-i, batch_size=2**j) for i in range(6) for j in range(4)))
    rows = importance(table).to_pylist()
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(render({"importance": importance(table)}))
    lines = [line.split() for line in capture.get().splitlines()]
    assert lines[0] == ["Which", "hyperparameters", "matter?"]
    assert lines[3][:3] == ["objective", "learning_rate", f"{100 * rows[0]['importance']:.2f}"]
    assert rows[0]["importance"] > 0.9
