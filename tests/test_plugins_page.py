"""plugins/README.md: what it shows installs and runs, an optimizer, a schedule, a data set and a model in one sweep, and a
layer."""

import json
import re
from pathlib import Path
from string import Template

import numpy as np
import pytest
from commands import completed
from distributions import distribution, environment

from sweepgd import load
from sweepgd.plugins import scaffold
from sweepgd.plugins.single_file import registered
from sweepgd.sweep import parse
from sweepgd.training.sweep_context import SweepContext

PAGE = (Path(__file__).parents[1] / "plugins" / "README.md").read_text(encoding="utf-8")
RULE, SCHEDULE, DATASET, MODEL, LAYER = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
SWEEP = """
name = "robust"

[data]
name = "heavy_tails"
rows = 400
standardize = false

[model]
name = "huber"
delta = 0.5

[budget]
updates = 2000
eval_every = 80 # 5 updates

[space]
batch_size = 16
learning_rate = 0.1
optimizer = ["demo", "sgd"]
schedule = "triangular"

[schedule.triangular]
period = 20

[search]
sampler = "grid"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process that has the page's five plugins, of one distribution."""
    site = tmp_path_factory.mktemp("site")
    modules = {"rule.py": RULE, "schedule.py": SCHEDULE, "dataset.py": DATASET, "model.py": MODEL, "layer.py": LAYER}
    distribution(
        site,
        "shown",
        {f"shown/{name}": text for name, text in modules.items()} | {"shown/__init__.py": ""},
        version="2.5",
        optimizers={"demo": "shown.rule:optimizer"},
        schedules={"triangular": "shown.schedule:triangular"},
        datasets={"heavy_tails": "shown.dataset:heavy_tails"},
        models={"huber": "shown.model:huber"},
        layers={"scaled_leaky": "shown.layer:scaled_leaky"},
    )
    return environment(site)


def test_the_example_is_what_plugin_new_writes():
    template = Path(scaffold.__file__).parent / "templates" / "rule.py.in"
    assert Template(template.read_text(encoding="utf-8")).substitute(name="demo") == RULE
    assert len(RULE.splitlines()) <= 40


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("optimizers", "demo"),
        ("schedules", "triangular"),
        ("datasets", "heavy_tails"),
        ("models", "huber"),
        ("layers", "scaled_leaky"),
    ],
)
def test_each_kind_is_listed_with_its_distribution(kind, name, installed):
    listed = json.loads(completed("list", kind, "--json", env=installed).stdout)
    (row,) = [row for row in listed if row["name"] == name]
    assert (row["distribution"], row["version"], row["error"]) == ("shown", "2.5", None)


@pytest.fixture(scope="module")
def results(installed, tmp_path_factory):
    """Results of one sweep with the four plugins of the page."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "robust.toml").write_text(SWEEP, encoding="utf-8")
    searched = completed("search", "robust.toml", "--workers", "2", env=installed, cwd=folder)
    assert searched.returncode == 0, searched.stderr
    return load(folder / "results" / "robust")


def test_a_sweep_of_all_four_kinds(results):
    rows = results.trials.sort_by("trial").to_pylist()
    assert [(row["optimizer"], row["status"]) for row in rows] == [("demo", "completed"), ("sgd", "completed")]
    assert {(row["data"], row["model"], row["schedule"]) for row in rows} == {("heavy_tails", "huber", "triangular")}
    for row in rows:  # however far the outliers are
        np.testing.assert_allclose(results.minimum(row["trial"], 0).parameters, [3.0, -1.0], atol=0.15)
    curve = [point for point in results.curves.to_pylist() if point["trial"] == 0][1:]
    updates = np.array([point["update"] - 1 for point in curve])
    triangle = 0.1 + 0.9 * (1 - np.abs(2 * (updates % 20 / 20) - 1))
    np.testing.assert_allclose([point["learning_rate"] for point in curve], 0.1 * triangle, rtol=1e-12)


def test_all_four_in_one_file_without_a_package_are_the_same(results, tmp_path):
    (tmp_path / "robust.toml").write_text(SWEEP, encoding="utf-8")
    (tmp_path / "all.py").write_text(RULE + SCHEDULE + DATASET + MODEL, encoding="utf-8")
    searched = completed("search", "robust.toml", "--workers", "2", "--plugin", "all.py", cwd=tmp_path)
    assert searched.returncode == 0, searched.stderr
    alone = load(tmp_path / "results" / "robust")
    for trial in range(2):
        np.testing.assert_array_equal(alone.minimum(trial, 0).parameters, results.minimum(trial, 0).parameters)


def test_all_five_in_one_file_pass_the_kit(tmp_path):
    (tmp_path / "all.py").write_text(RULE + SCHEDULE + DATASET + MODEL + LAYER, encoding="utf-8")
    checked = completed("plugin", "check", "all.py", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    ends = [line.strip() for line in checked.stdout.splitlines() if line.endswith(" 0 failed")]
    assert sorted(ends) == [
        "demo: 18 checks passed, 0 failed",
        "heavy_tails: 7 checks passed, 0 failed",
        "huber: 18 checks passed, 0 failed",
        "scaled_leaky: 9 checks passed, 0 failed",
        "triangular: 7 checks passed, 0 failed",
    ]


def test_the_model_is_measured_by_its_own_product(results, tmp_path):
    (tmp_path / "all.py").write_text(RULE + SCHEDULE + DATASET + MODEL, encoding="utf-8")
    asked = ("--measures", "lambda_max", "--rows", "full", "--trials", "0", "--dtype", "float64", "--plugin", "all.py")
    measured = completed("measure", str(results.directory), *asked, cwd=tmp_path)
    assert measured.returncode == 0, measured.stderr
    (row,) = load(results.directory).curvature.to_pylist()
    assert json.loads(row["settings"])["exact"]
    with registered([tmp_path / "all.py"]):
        train = SweepContext(parse(results.sweep_toml)).data(0).train
    x = np.column_stack([train.inputs, np.ones(len(train.inputs))]).astype(np.float64)
    bent = x[np.abs(x @ results.minimum(0, 0).parameters - train.targets[:, 0]) <= 0.5]
    np.testing.assert_allclose(row["value"], np.linalg.eigvalsh(bent.T @ bent / len(x))[-1], rtol=1e-6)


def test_a_model_refuses_data_that_it_does_not_fit(installed):
    refused = completed("train", "--model", "huber", "--data", "digits", env=installed)
    assert refused.returncode == 2
    assert "model 'huber' is for regression, but the data are for classification" in refused.stderr
