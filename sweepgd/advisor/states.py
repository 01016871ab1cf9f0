"""What is recorded of a trial so that a sampler and a pruner can be told of it after a restart, as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState, create_trial


def dump(
    values: Sequence[float] | None,
    pruned: bool,
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    system_attrs: Mapping[str, Any],
    intermediate_values: Mapping[int, float],
    repeats: Sequence[Mapping[str, Any]] = (),
) -> str:
    """What is recorded of a trial, to be remembered: JSON that `trial_of` reads.

    `repeats` are the known points that the sampler asked for before this one, see `sweepgd.advisor.repeats`.
    """
    ended = {"values": None if values is None else list(values), "pruned": pruned}
    asked = asked_for(params, distributions, system_attrs) | {"intermediate_values": dict(intermediate_values)}
    return json.dumps(ended | asked | ({"repeats": list(repeats)} if repeats else {}))


def asked_for(
    params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution], system_attrs: Mapping[str, Any]
) -> dict[str, Any]:
    """What is recorded of a point that a sampler asked for."""
    return {
        "params": dict(params),
        "distributions": {name: distribution_to_json(distribution) for name, distribution in distributions.items()},
        "system_attrs": dict(system_attrs),
    }


def trial_of(state: str, **user_attrs: Any) -> FrozenTrial:
    """A recorded trial as Optuna's."""
    return frozen(json.loads(state), user_attrs)


def frozen(saved: Mapping[str, Any], user_attrs: Mapping[str, Any] | None = None) -> FrozenTrial:
    """A trial as Optuna's, from what `dump` made JSON of."""
    return create_trial(
        state=_ending(saved),
        values=saved["values"],
        params=saved["params"],
        distributions={name: json_to_distribution(text) for name, text in saved["distributions"].items()},
        user_attrs=dict(user_attrs or {}),
        system_attrs=saved["system_attrs"],
        intermediate_values={int(step): value for step, value in saved["intermediate_values"].items()},
    )


def _ending(saved: Mapping[str, Any]) -> TrialState:
    if saved["values"] is None:
        return TrialState.FAIL
    return TrialState.PRUNED if saved["pruned"] else TrialState.COMPLETE


def values_of(state: str) -> list[float] | None:
    """The values in a recorded state: what the sampler was told, None for a trial that failed."""
    return json.loads(state)["values"]
