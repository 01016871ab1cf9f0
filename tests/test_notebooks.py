"""The example notebooks have no outputs, and run cell by cell with short sweeps. Values are displayed as by a kernel."""

import ast
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import altair
import pytest

import sweepgd

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "sweeps" / "notebooks").glob("*.ipynb")
NOTEBOOKS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
# The changes that make the searches short: the pictures need two sizes with three rates, and runs of each optimizer.
SHORT = {
    "batch_size_lecture": (
        *("budget.epochs=1", "search.replicates=2", "space.batch_size=[128, 256]", "space.learning_rate=[0.1, 0.2, 0.4]"),
    ),
    "own_data_and_optimizer": ("budget.epochs=2", "search.trials=9", "search.replicates=2"),
}
KINDS = {
    "batch_size_lecture": ["html", *["svg"] * 6],
    "own_data_and_optimizer": ["html", "svg", "svg", "html"],
}
each_notebook = pytest.mark.parametrize("name", SHORT)


def displayed(value):
    """Return the kind of a cell's last value as a notebook shows it, and its text."""
    if hasattr(value, "_repr_mimebundle_"):
        ((kind, text),) = value._repr_mimebundle_().items()
        return {"image/svg+xml": "svg"}.get(kind, kind), text
    return ("html", value._repr_html_()) if hasattr(value, "_repr_html_") else ("plain", repr(value))


def run_cells(notebook):
    """Run the code cells, and yield what is displayed below each of them."""
    names = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        if source.startswith("%%writefile "):
            head, _, body = source.partition("\n")
            Path(head.split()[1]).write_text(body, encoding="utf-8")
            continue
        *statements, last = ast.parse(source).body
        end = last if isinstance(last, ast.Expr) else None
        exec(compile(ast.Module([*statements, *([] if end else [last])], []), "cell", "exec"), names)
        if end is not None:
            yield displayed(eval(compile(ast.Expression(end.value), "cell", "eval"), names))


def test_the_notebooks_are_stored_without_outputs():
    assert NOTEBOOKS.keys() == SHORT.keys()
    for notebook in NOTEBOOKS.values():
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all((cell["outputs"], cell["execution_count"]) == ([], None) for cell in code)


def test_no_warning_of_tqdm_appears_above_the_first_search():
    program = "import warnings, sweepgd; warnings.warn('IProgress not found. Please update jupyter and ipywidgets.', Warning)"
    done = subprocess.run([sys.executable, "-W", "always", "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@each_notebook
def test_every_cell_of_a_notebook_runs_and_displays_its_value(name, tmp_path, monkeypatch):
    pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweepgd, "search", partial(sweepgd.search, overrides=SHORT[name], workers=1), raising=False)
    default = altair.renderers.active
    try:
        shown = list(run_cells(NOTEBOOKS[name]))
    finally:
        altair.renderers.enable(default)
    assert [kind for kind, _ in shown] == KINDS[name]
    assert "configurations may be the best" in shown[0][1]
    for kind, text in shown:
        assert text.startswith("<svg ") if kind == "svg" else "<table" in text
