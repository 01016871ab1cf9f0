"""The plugin registry: installed names, their distributions, and the plugin named in an error."""

import sys

import pytest
from distributions import distribution

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.plugins import registry


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A folder to install distributions into, before the first lookup."""
    monkeypatch.syspath_prepend(tmp_path)
    for look_up in (registry._points, registry.get):
        look_up.cache_clear()
    yield tmp_path
    for look_up in (registry._points, registry.get):
        look_up.cache_clear()


@pytest.mark.parametrize("kind", sorted(registry.CONTRACTS.keys() - {"layers"}))  # sweepgd's own layers are no plugins
def test_every_installed_plugin_has_the_class_of_its_kind(kind):
    own = [entry for entry in registry.entries(kind) if entry.distribution == "sweepgd"]
    assert own
    assert {entry.error for entry in own} == {None}


@pytest.mark.parametrize(
    ("kind", "contract"),
    [("optimizers", "Optimizer"), ("models", "Model"), ("datasets", "Dataset"), ("schedules", "Schedule"), ("layers", "Layer")],
)
def test_an_object_of_another_type_is_refused_and_listed_with_the_reason(site, kind, contract):
    distribution(site, "their-package", {}, **{kind: {"own": "sweepgd.core.errors:SweepgdError"}})
    line = f"{kind[:-1]} 'own' of their-package 1.0 is of type type, not {contract}: fix its entry point, or uninstall it"
    with pytest.raises(SweepgdError) as problem:
        registry.get(kind, "own")
    assert str(problem.value) == line
    assert registry.Entry("own", "their-package", "1.0", error=line) in registry.entries(kind)


def test_an_unknown_name_is_refused_without_loading_plugins(site):
    distribution(site, "theirs", {"theirs.py": "raise AssertionError"}, optimizers={"sgdd": "theirs:rule"})
    with pytest.raises(UsageError, match=r"unknown optimizer 'sgddd': did you mean 'sgdd'\? installed: .*, sgd, sgdd"):
        registry.get("optimizers", "sgddd")


def test_only_a_name_offered_twice_is_refused(site):
    for name in ("first", "second"):
        distribution(
            site, name, {}, schedules={"contended": "sweepgd.schedules:cosine", f"of_{name}": "sweepgd.schedules:cosine"}
        )
    with pytest.raises(
        SweepgdError,
        match=r"^schedule 'contended' of (first|second) 1.0 and (first|second) 1.0 is offered by more than one distribution",
    ):
        registry.get("schedules", "contended")
    with pytest.raises(SweepgdError, match=r"^schedule 'of_first' of first 1.0 has the name 'cosine'"):
        registry.get("schedules", "of_first")
    assert registry.get("schedules", "cosine").name == "cosine"


DECLARED = """
import dataclasses
from sweepgd.plugins import registry
from sweepgd.core.setting import Setting

class Unprintable:
    def __repr__(self):
        raise ValueError("two\\nlines")

own = dataclasses.replace(registry.get({kind!r}, {name!r}), name="own", {field})
"""
NO_TUPLE = "has settings of type Setting: give a tuple, such as (Setting(…),)"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("settings=(1,)", "has the setting 1: declare it as a Setting"),
        ("settings=(Setting('power', 1.0, 'of the decay'))", NO_TUPLE),
        ("description=None", "has the description None: give a text"),
        ("source=2014", "has the source 2014: give a text"),
        ("settings=(Unprintable(),)", "cannot be checked: ValueError: two lines"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [("schedules", "cosine"), ("models", "linear"), ("datasets", "synthetic_linear")])
def test_an_invalid_declaration_is_listed_with_the_reason(site, monkeypatch, kind, name, field, said):
    monkeypatch.delitem(sys.modules, "declared", raising=False)
    source = DECLARED.format(kind=kind, name=name, field=field)
    distribution(site, "theirs", {"declared.py": source}, **{kind: {"own": "declared:own"}})
    (own,) = (entry for entry in registry.entries(kind) if entry.name == "own")
    assert own.error == f"{kind[:-1]} 'own' of theirs 1.0 {said}"


def test_an_import_that_raises_a_base_exception_is_listed_with_the_reason(site):
    distribution(
        site,
        "theirs",
        {"skipping.py": "import pytest\npytest.skip('no GPU', allow_module_level=True)"},
        schedules={"own": "skipping:own"},
    )
    (own,) = (entry for entry in registry.entries("schedules") if entry.name == "own")
    assert own.error == "schedule 'own' of theirs 1.0 does not load: Skipped: no GPU"


def test_a_distribution_without_metadata_is_listed_as_unknown(site):
    distribution(site, "nameless", {}, schedules={"left": "gone:schedule"})
    (site / "nameless-1.0.dist-info" / "METADATA").unlink()
    (left,) = (entry for entry in registry.entries("schedules") if entry.name == "left")
    assert left.error.startswith("schedule 'left' of unknown does not load: ModuleNotFoundError")


def test_errors_name_the_plugin_whose_code_raised(site):
    distribution(site, "theirs", {}, models={"own": "theirs:model"})
    for raised, line in (
        (ValueError("two\nlines"), "model 'own' of theirs 1.0: ValueError: two lines"),
        (SweepgdError("no room"), "model 'own' of theirs 1.0: no room"),
    ):
        with pytest.raises(SweepgdError) as problem, registry.plugin_errors("models", "own"):
            raise raised
        assert str(problem.value) == line
    with pytest.raises(UsageError, match=r"^give another width$"), registry.plugin_errors("models", "own"):
        raise UsageError("give another width")


def test_own_plugins_are_distinguished_from_others(site):
    distribution(site, "theirs", {}, models={"own": "theirs:model"})
    assert [registry.is_own("models", name) for name in ("linear", "own")] == [True, False]
    assert registry.origin("models", "own") == "model 'own' of theirs 1.0"
