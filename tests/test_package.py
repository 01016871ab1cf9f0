"""The package as it is installed, and what a clone's environment needs."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_INSTALLED = {
    "dask",
    "dask_jobqueue",
    "distributed",
    "duckdb",
    "jax",
    "jsonschema",
    "mlflow",
    "onnx",
    "onnxruntime",
    "optax",
    "optuna_dashboard",
    "pandas",
    "polars",
    "selenium",
    "tensorboardX",
    "torch",
}


def test_plain_uv_run_installs_no_library_that_tests_only_compare_with():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert {requirement.partition(">=")[0] for requirement in groups["dev"]} == {"cmaes", "pytest", "pytest-xdist"}
    assert {"duckdb", "optax", "polars"} <= {requirement.partition(">=")[0] for requirement in groups["peers"]}
    assert "uv run --quiet --all-groups" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_tests_are_collected_without_the_libraries_of_other_groups():
    """An import at the top of a test module would end `uv run pytest` where the library is missing."""
    found = []
    for path in (ROOT / "tests").rglob("*.py"):
        if "peers" in path.parts:  # each is imported by the test that needs it
            continue
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            names += [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
            found += [(path.name, name) for name in names if name.partition(".")[0] in NOT_INSTALLED]
    assert found == []


def test_the_citation_has_this_version_and_every_page_is_in_the_sdist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    for key in ("version", "license"):
        assert f"{key}: {project['project'][key]}" in citation
    assert {page.name for page in ROOT.glob("*.md")} | {"CITATION.cff"} <= set(
        project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    )


def test_every_plugin_package_is_on_the_page_of_plugins():
    page = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")}
    assert packages == {name for name in packages if f"- [{name}]({name})" in page}
