"""One point of a search, resolved: everything that tells a training run from its neighbours in the same sweep."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

_SORTED = json.JSONEncoder(sort_keys=True)


@dataclass(frozen=True)
class Configuration:
    """An optimizer with its settings, a learning rate with its schedule, a batch size with its schedule.

    `batch_size` is the number of rows, or "full"; `warmup` is in epochs, and the learning rate's schedule begins after it or is
    multiplied by it; `weight_decay` is the L2 penalty, 0 for rules that decay weights by a hyperparameter of their own.
    """

    optimizer: str = "sgd"
    hyperparameters: dict[str, float] = field(default_factory=dict)
    learning_rate: float = 0.1
    batch_size: int | str = 32
    schedule: str = "constant"
    schedule_settings: dict[str, Any] = field(default_factory=dict)
    batch_schedule: str = "constant"
    batch_schedule_settings: dict[str, Any] = field(default_factory=dict)
    warmup: float = 0.0
    weight_decay: float = 0.0
    schedule_after_warmup: bool = False

    def batch_rows(self, rows: int) -> int:
        """Return the number of rows of a batch, out of `rows` training rows: all of them for "full"."""
        return rows if self.batch_size == "full" else int(self.batch_size)

    def to_dict(self) -> dict[str, Any]:
        given = dict(vars(self))
        if not (self.schedule_after_warmup and self.warmup):
            # Without it a configuration keeps the identity that it had before there was a choice.
            del given["schedule_after_warmup"]
        return given

    def to_json(self) -> str:
        return _SORTED.encode(self.to_dict())


def config_id_of(text: str) -> str:
    """The identity of the configuration whose JSON this is: twelve hexadecimal digits, the same for equal ones everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
