"""Commands and snippets on pages, run with small settings."""

import json
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path
from string import Template
from types import ModuleType

import numpy as np
import pytest
from commands import call, completed, started
from linear_sweep import LINEAR, assert_same, sweep
from page_text import blocks, shell_commands, sweepgd_commands

from sweepgd import load, search
from sweepgd.models.layer_shapes import layers_of
from sweepgd.plugins import scaffold
from sweepgd.sweep import bundled

SMALL = ("--set", "budget.epochs=1", "--set", "search.replicates=1", "--set", 'measure.measures=["weight_norm"]', "-q")
# Commands in the order of the pages, each with the arguments that make it small.
RUN = {
    "search": (*SMALL, "--trials", "4"),
    "list sweeps": (),
    "init quickstart mine.toml": (),
    "search mine.toml --dry-run": SMALL,
    "search mine.toml --trials 200": (*SMALL, "--trials", "20"),
    "watch results/mine": (),
    "train --data digits --model mlp --optimizer adam --learning-rate 1e-3 --epochs 20": ("--epochs", "1"),
    "train --data measurements.csv --set data.target=\"species\" --set data.task=\"classification\" --model softmax": (),
    "search batch_size_accuracy --figures slides/accuracy": ("--scale", "0.1", "--set", "budget.epochs=1", "-q"),
    "analyze results/mine --figures figures": (),
    "report results/mine": (),
    "compare results/quickstart results/mine -o both.html": (),
    "analyze results/quickstart": (),
    "analyze results/quickstart claims": (),
    "analyze results/quickstart --claims my_claims.toml": (),
    "analyze results/quickstart --strict": (),
    "measure results/mine": ("--trials", "0-1", "--measures", "lambda_max", "--rows", "50", "-q"),
    "landscape results/mine": ("--resolution", "5", "--rows", "50", "-q"),
    "export results/mine -o model.npz": (),
    "predict model.npz new.csv": (),
    "export results/quickstart -o model.npz": (),
    "predict model.npz": (),
    "predict model.npz new.csv -o predictions.csv": (),
    "search mine.toml --shard 3/20": (*SMALL, "--trials", "20"),
    "merge results/mine-shard-* -o results/merged": (),
    "plugin new mine": (),
    "search --plugin my_rule.py --set space.optimizer=[\"sgd\", \"my_rule\"] --out results/my_rule": (*SMALL, "--trials", "2"),
    "plugin new demo": (),
    "search quickstart --plugin my_rule.py --set space.optimizer=[\"sgd\", \"my_rule\"]"
    " --set optimizer.my_rule.learning_rate=\"search\" --out results/my_rule": ("--dry-run", "--out", "results/other"),
    "search sharp_flat": ("--dry-run",),
    "measure results/quickstart --measures trace,phi --rows full":
        ("--trials", "0", "--set", "measure.settings.phi.iterations=2", "-q"),
    "search --set space.optimizer=[\"sgd\", \"nadam\"] --out results/nadam": ("--dry-run",),
    "train --data digits --model resnet8 --dry-run": (),
}  # fmt: skip
# Commands that are parsed only (tests/test_page_links.py), with the reason.
PARSED = {
    "search batch_size_time --figures slides/time": "is like the one of batch_size_accuracy",
    "search gluon_linear --figures slides/loss": "is like the one of batch_size_accuracy",
    "search error_surface --figures slides/surface": "is like the one of batch_size_accuracy",
    "export results/quickstart -o model.onnx": "needs the extra onnx, with which tests/serving runs it",
    "train --data pets --model resnet8 --optimizer adam --learning-rate 1e-3 --epochs 20":
        "needs the extra images, with which tests/data runs its like",
    "plugin check demo": "needs an installation, which tests of the scaffold make",
    "search quickstart --set space.optimizer=[\"sgd\", \"demo\"] --set optimizer.demo.learning_rate=\"search\""
    " --out results/demo": "needs the installed demo",
    "analyze results/sharp_flat sharpness --figures figures": "needs the 75 s of sharp_flat",
    "landscape results/sharp_flat": "needs the 75 s of sharp_flat",
    "train --data fashion_mnist --model simple_cnn --optimizer adam --learning-rate 2e-3 --batch-size 64 --schedule cosine"
    " --epochs 10 --set data.validation=0": "takes minutes",
    "search mine.toml --on tcp://HOST:8786": "run below",
    "search mine.toml --on slurm --jobs 20": "needs Slurm",
    "search mine.toml --shard $SLURM_ARRAY_TASK_ID/20": "needs Slurm",
    "merge results/mine-shard-* -o results/mine": "is run with another folder",
}  # fmt: skip


CLAIM = """
[[claims]]
says = "Losses are finite."
statistic = "mean"
of = "train_loss"
relation = "<"
value = 1e9
"""


def measurements(path):
    """Write a CSV file with two inputs and a column of species."""
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{y:.3f},{'ab'[int(x > y)]}" for x, y in rng.normal(size=(1000, 2))]
    path.write_text("\n".join(["length,width,species", *rows]) + "\n", encoding="utf-8")


def rule(path, name):
    """Write the rule of `sweepgd plugin new` to a file."""
    template = Path(scaffold.__file__).parent / "templates" / "rule.py.in"
    path.write_text(Template(template.read_text(encoding="utf-8")).substitute(name=name), encoding="utf-8")


def test_every_command_on_pages_is_run_or_left_out_for_a_reason():
    # Bundled sweeps take up to 7 minutes each; tests/study/test_bundled_sweeps.py prepares all of them.
    of_bundled = {text for name in bundled() for text in (f"search {name}", f"analyze results/{name}")}
    assert {" ".join(arguments) for arguments in sweepgd_commands()} - of_bundled == {*RUN, *PARSED} - of_bundled


def test_commands_on_pages_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    measurements(Path("measurements.csv"))
    rule(Path("my_rule.py"), "my_rule")
    pixels = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    Path("new.csv").write_text(f"{','.join(pixels)}\n{','.join(['7'] * 64)}\n", encoding="utf-8")
    Path("my_claims.toml").write_text(LINEAR + CLAIM, encoding="utf-8")
    by_text = {" ".join(arguments): arguments for arguments in sweepgd_commands()}
    for text, more in RUN.items():
        arguments = [path for word in by_text[text] for path in (sorted(glob(word)) if "*" in word else [word])]
        run = call(monkeypatch, capsys, *arguments, *more)
        assert run.code == 0, (text, run.err)
        assert run.out or run.err, text
    assert load("results/quickstart").trials.num_rows == 4
    assert load("results/mine").trials.num_rows == 20
    assert_same(load("results/mine-shard-3-of-20"), load("results/merged"))
    assert {row["optimizer"] for row in load("results/my_rule").trials.to_pylist()} <= {"sgd", "my_rule"}
    assert set(load("results/mine").curvature["measure"].to_pylist()) == {"weight_norm", "lambda_max"}
    assert list(Path("figures").glob("*.svg"))
    assert list(Path("results/mine/landscapes").glob("*.png"))
    assert Path("mine/pyproject.toml").is_file()


@pytest.fixture(scope="module")
def small_quickstart(tmp_path_factory):
    """A folder with results/quickstart."""
    folder = tmp_path_factory.mktemp("quickstart")
    search("quickstart", overrides=["budget.epochs=1", "search.trials=4"], out=folder / "results" / "quickstart", workers=1)
    return folder


def test_the_python_of_the_page_of_results_runs(small_quickstart, monkeypatch):
    monkeypatch.chdir(small_quickstart)
    names = {}
    for code in [code for page, code in blocks("python") if page == "sweeps/RESULTS.md"]:
        exec(code, names)
    assert names["run"].points[-1].test_error < 0.1
    assert names["model"].evaluate_part().error == load("results/quickstart").model().header.provenance.recorded.test_error
    assert names["estimator"].get_params()["optimizer"] == ["sgd", "adam"]
    measured = load("results/quickstart").curvature.to_pylist()
    assert len([row for row in measured if row["measure"] == "lambda_max" and row["rows"] > 1000]) == 8


def test_the_sql_of_the_page_of_results_runs(small_quickstart, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    monkeypatch.chdir(small_quickstart)
    ((_, _, query),) = [words for words in shell_commands() if words[0] == "duckdb"]
    rows = duckdb.sql(query).fetchall()
    best = min(loss for loss in load("results/quickstart").trials["validation_loss"].to_pylist() if loss is not None)
    assert rows[0][-1] == best
    assert [row[-1] for row in rows] == sorted(row[-1] for row in rows)


def test_the_sweep_on_the_page_of_sweep_files_is_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    measurements(Path("measurements.csv"))
    text, network = (text for page, text in blocks("toml") if page == "sweeps/README.md")
    assert layers_of(tomllib.loads(network)["model"]["layers"], 784, (28, 28, 1), 10)
    Path("mine.toml").write_text(text, encoding="utf-8")
    shown = call(monkeypatch, capsys, "search", "mine.toml", "--dry-run", "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)


@pytest.fixture(scope="module")
def linear_here(tmp_path_factory):
    """The results of the tiny sweep on this machine."""
    return search(sweep(), out=tmp_path_factory.mktemp("linear") / "here", workers=1)


def test_the_executors_on_the_page_of_clusters_run_a_sweep(linear_here, tmp_path, monkeypatch):
    """mpi4py and ray are replaced by threads."""
    monkeypatch.chdir(tmp_path)
    pool = ThreadPoolExecutor(2)

    class Remote:
        def __init__(self, function):
            self.function = function

        def remote(self, *arguments):
            self.submitted = pool.submit(self.function, *arguments)
            return self

        def future(self):
            return self.submitted

    mpi, ray = ModuleType("mpi4py.futures"), ModuleType("ray")
    mpi.MPIPoolExecutor = lambda: ThreadPoolExecutor(2)
    ray.cluster_resources, ray.remote = (lambda: {"CPU": 2.0}), Remote
    for name, module in {"mpi4py": ModuleType("mpi4py"), "mpi4py.futures": mpi, "ray": ray}.items():
        monkeypatch.setitem(sys.modules, name, module)
    snippets = [code for page, code in blocks("python") if page == "sweeps/CLUSTERS.md"]
    assert len(snippets) == 2
    with pool:
        for number, code in enumerate(snippets):
            Path("mine.toml").write_text(LINEAR.replace("name = ", f'name = "by_{number}" # ', 1), encoding="utf-8")
            exec(code, {"__name__": "__main__"})
    assert_same(load("results/by_0"), linear_here)
    assert_same(load("results/by_1"), linear_here)


def test_a_scheduler_and_a_worker_started_as_on_the_page_run_a_sweep(linear_here, tmp_path):
    pytest.importorskip("distributed", reason="distributed is not installed")
    commands = [words for words in shell_commands() if "dask" in words]
    assert commands == [["dask", "scheduler"], ["ssh", "other", "dask", "worker", "tcp://HOST:8786"]]
    (tmp_path / "mine.toml").write_text(LINEAR, encoding="utf-8")
    here = {"cwd": tmp_path}
    quiet = ("--no-dashboard",)
    with started(
        [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *quiet], **here
    ) as scheduler:
        address = next(found[0] for line in scheduler.stderr if (found := re.search(r"tcp://[\d.:]+", line)))
        worker = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "2", *quiet]
        with subprocess.Popen(worker, cwd=tmp_path, stderr=subprocess.DEVNULL) as joined:
            try:
                ran = completed("search", "mine.toml", "--on", address, "--out", "there", **here)
            finally:
                joined.kill()
    assert ran.returncode == 0, ran.stderr
    assert_same(load(tmp_path / "there"), linear_here)
