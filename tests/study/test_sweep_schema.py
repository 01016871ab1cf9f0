"""The JSON schema of sweep files: it accepts what a search accepts, and knows the plugins."""

import json
import tomllib
from pathlib import Path

import pytest
from mutations import mutation
from optional_data import bundled_sweeps

from sweepgd.core.errors import SweepgdError
from sweepgd.core.setting import resolve
from sweepgd.data.data_spec import dataset_settings
from sweepgd.execution.pruners import RUNGS
from sweepgd.plugins import registry, single_file
from sweepgd.study.samplers import NAMES
from sweepgd.study.sweep_schema import FILE, LINE, sweep_schema
from sweepgd.sweep import bundled, parse, points_of, space_of, toml_syntax

PLUGIN = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"
MUTATED = 200


@pytest.fixture(scope="module")
def validator():
    jsonschema = pytest.importorskip("jsonschema")
    schema = sweep_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("name", bundled_sweeps())
def test_every_bundled_sweep_is_valid(validator, name):
    assert list(validator.iter_errors(tomllib.loads(bundled()[name].read_text(encoding="utf-8")))) == []


def accepted(text, *overrides):
    """Return True if a search refuses nothing before it reads the data."""
    try:
        sweep = parse(text, overrides)
        points_of(sweep, space_of(sweep))
        dataset_settings(sweep.data)
        resolve(registry.get("models", sweep.model.name).settings, sweep.model.model_extra, "model")
    except SweepgdError:
        return False
    return sweep.search.sampler in NAMES and sweep.search.pruner in RUNGS


def test_a_mutated_sweep_is_refused_by_a_search_if_by_the_schema(validator):
    """The schema refuses most of what a search refuses before it reads any data."""
    both, search_alone, number = 0, 0, -1
    for _ in range(MUTATED):
        number += 1
        while not is_toml(mutation(number)):
            number += 1
        text = mutation(number)
        if validator.is_valid(toml_syntax.tables(text)):
            search_alone += not accepted(text)
        else:
            assert not accepted(text), number
            both += 1
    assert both > MUTATED / 2
    assert search_alone < MUTATED / 10


def is_toml(text):
    try:
        return bool(toml_syntax.tables(text))
    except ValueError:
        return False


REFUSED = [
    "optimizer.adam.beta1=1.0",
    "optimizer.adam.beta=0.5",
    "optimizer.adm={}",
    "space.optimizer='adm'",
    "space.batch_size=[16,-1]",
    "space.batch_size=[]",
    "space.batch_size='search'",
    "space.model.hiden=[[3]]",
    "space.data.seed=[1,2]",
    "schedule.cosine.restarts=0.5",
    "model.activation='elu'",
    "model.steepness=1.0",
    "data.rows=10",
    "data.target='y'",
    "data.path='d.csv'",
    "search.sampler='annealing'",
    "search.objective='test_loss'",
    "budget.updates=3",
    "measure.measures=['lambda_min']",
    "measure.settings.trace.vectors=0",
    "batch_schedule.growth.factor=0.5",
]


@pytest.mark.parametrize("override", REFUSED)
def test_what_the_schema_knows(validator, override):
    """A search refuses these too, with a sweep that is otherwise valid."""
    table = tomllib.loads(bundled()["quickstart"].read_text(encoding="utf-8"))
    changed = tomllib.loads(override)
    for kind, keys in changed.items():
        for key, value in keys.items():
            own = table.setdefault(kind, {})
            own[key] = own.get(key, {}) | value if isinstance(value, dict) and isinstance(own.get(key, {}), dict) else value
    assert not validator.is_valid(table)
    assert not accepted(bundled()["quickstart"].read_text(encoding="utf-8"), override)


def test_plugins_of_a_file_are_known_while_it_is_registered():
    with single_file.registered([PLUGIN]):
        model = sweep_schema()["definitions"]["ModelSpec"]["properties"]
    assert "shaky" in model["name"]["enum"]
    assert model["peril"] == {"description": "what strikes"}
    assert "peril" not in sweep_schema()["definitions"]["ModelSpec"]["properties"]


def test_init_writes_the_schema_beside_the_sweep(run, tmp_path):
    assert run("init", "quickstart", "mine.toml").code == 0
    assert (tmp_path / "mine.toml").read_text().startswith(LINE)
    text = (tmp_path / FILE).read_text()
    assert json.loads(text) == sweep_schema()
    assert run("schema").out == text
    (tmp_path / FILE).write_text('{"$id": "another"}')
    run("init", "quickstart", "other.toml")
    assert (tmp_path / FILE).read_text() == '{"$id": "another"}'
    assert (tmp_path / "other.toml").read_text().startswith('name = "other"')
