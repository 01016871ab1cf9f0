"""Plugins by name: what an entry point must name to be taken. What is refused is not cached."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from sweepgd import registry
from sweepgd.optimizers.sgd import sgd
from sweepgd.problem import Problem


@pytest.fixture
def offer(monkeypatch):
    """Makes one plugin the only installed one of its kind."""

    def only(kind, name, value):
        point = EntryPoint(name, value, f"sweepgd.{kind}")
        monkeypatch.setattr(registry, "_points", lambda asked: {name: point} if asked == kind else {})
        monkeypatch.setattr(registry, "_origin", lambda point: ("their_package", "1.0"))

    return only


@pytest.mark.parametrize("kind", registry.CONTRACTS)
def test_everything_installed_is_of_its_contract(kind):
    own = [entry for entry in registry.entries(kind) if entry.distribution == "sweepgd"]
    assert own
    assert {entry.error for entry in own} == {None}


@pytest.mark.parametrize(
    ("kind", "contract"),
    [("optimizers", "Optimizer"), ("models", "Model"), ("datasets", "Dataset"), ("schedules", "Schedule")],
)
def test_a_thing_of_another_type_is_refused_by_distribution_and_listed_with_the_reason(offer, kind, contract):
    offer(kind, "own", "sweepgd.problem:Problem")
    line = f"{kind[:-1]} 'own' of their_package is of type type, not {contract}: mend its entry point, or uninstall it"
    with pytest.raises(Problem) as problem:
        registry.get(kind, "own")
    assert str(problem.value) == line
    assert registry.entries(kind) == [registry.Entry("own", "their_package", "1.0", error=line)]


def test_an_optimizer_for_another_version_of_the_contract_is_refused(offer, monkeypatch):
    monkeypatch.setattr("sweepgd.optimizers.sgd.newer", replace(sgd, api_version=2), raising=False)
    offer("optimizers", "newer", "sweepgd.optimizers.sgd:newer")
    with pytest.raises(Problem) as problem:
        registry.get("optimizers", "newer")
    assert str(problem.value) == (
        "optimizer 'newer' of their_package is for version 2 of the optimizer contract, and this sweepgd has 1:"
        " install versions that fit each other"
    )
