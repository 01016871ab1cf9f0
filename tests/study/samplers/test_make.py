"""The choice of a sampler by its name, and the spaces that it cannot search."""

import pytest
from study.samplers.spaces import NUMERIC, SPACE

from sweepgd.core.errors import SweepgdError, UsageError, installing
from sweepgd.study import samplers
from sweepgd.study.samplers import make
from sweepgd.sweep.space import Space


@pytest.mark.parametrize(
    ("name", "space", "objectives", "line"),
    [
        ("quasirandom", SPACE, 1, "unknown sampler 'quasirandom': did you mean 'quasi_random'?"),
        ("zzz", SPACE, 1, "unknown sampler 'zzz': known: cmaes, gp, grid, nsga2, quasi_random, random, tpe"),
        ("grid", SPACE, 1, "a grid needs steps, and learning_rate is a range without a step: give it a step, or a list"),
        ("cmaes", NUMERIC, 2, "the cmaes sampler supports one objective: use nsga2 or tpe for several"),
        ("cmaes", SPACE, 1, "the cmaes sampler searches only ranges, but optimizer is a list: give one value, or use tpe"),
    ],
)
def test_what_cannot_be_searched_is_refused(name: str, space: Space, objectives: int, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(name, space, 0, objectives)
    assert str(caught.value) == line


@pytest.mark.parametrize(("name", "package"), [("cmaes", "cmaes"), ("gp", "torch")])
def test_a_missing_extra_says_how_to_install_it(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samplers, "find_spec", lambda asked: None if asked == package else object())
    with pytest.raises(SweepgdError) as caught:
        make(name, NUMERIC, 0)
    assert str(caught.value) == f"the {name} sampler needs the package {package}: {installing(name)}"
    assert not isinstance(caught.value, UsageError)
