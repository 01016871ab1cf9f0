"""The search state of a trial, which is JSON in the record. A restart rebuilds the sampler and the pruner from the search
states.
"""

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
    """Return the search state of a trial as JSON that `trial_of` reads.

    `repeats` are the known points that the sampler proposed just before this point (see `sweepgd.study.repeated_proposals`).
    """
    state = {
        "values": None if values is None else list(values),
        "pruned": pruned,
        "params": dict(params),
        "distributions": {name: distribution_to_json(distribution) for name, distribution in distributions.items()},
        "system_attrs": dict(system_attrs),
        "intermediate_values": dict(intermediate_values),
    }
    return json.dumps(state | ({"repeats": list(repeats)} if repeats else {}))


def trial_of(state: str, **user_attrs: Any) -> FrozenTrial:
    """Return the Optuna trial of a search state."""
    saved = json.loads(state)
    return create_trial(
        state=ending(saved),
        values=saved["values"],
        params=saved["params"],
        distributions={name: json_to_distribution(text) for name, text in saved["distributions"].items()},
        user_attrs=user_attrs,
        system_attrs=saved["system_attrs"],
        intermediate_values=reports(saved),
    )


def reports(saved: Mapping[str, Any]) -> dict[int, float]:
    """Return the values that a recorded trial reported, by rung."""
    return {int(step): value for step, value in saved["intermediate_values"].items()}


def ending(saved: Mapping[str, Any]) -> TrialState:
    """Return the state in which a recorded trial ended."""
    if saved["values"] is None:
        return TrialState.FAIL
    return TrialState.PRUNED if saved["pruned"] else TrialState.COMPLETE


def values_of(state: str) -> list[float] | None:
    """Return the values that the sampler received for a trial, or None for a failed trial."""
    return json.loads(state)["values"]
