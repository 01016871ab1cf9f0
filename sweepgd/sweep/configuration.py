"""A configuration: the hyperparameters of one point of the space, with every default filled in."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

_SORTED = json.JSONEncoder(sort_keys=True)


@dataclass(frozen=True)
class Configuration:
    """An optimizer with its settings, a learning rate with its schedule, and a batch size with its schedule.

    `model` and `data` are the settings of model and data that the configuration chooses. All other settings of model and data
    are given by the sweep.

    `batch_size` is a number of rows or "full". `warmup` is in epochs. The learning-rate schedule begins at the end of the
    warm-up if `schedule_after_warmup`, or else at the start of the run. `weight_decay` is the factor of the L2 penalty. It is 0
    for optimizers with a hyperparameter "weight_decay".
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
    model: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def batch_rows(self, rows: int) -> int:
        """Return the number of rows of a batch, out of `rows` training rows; "full" means all of them."""
        return rows if self.batch_size == "full" else int(self.batch_size)

    def to_dict(self) -> dict[str, Any]:
        values = dict(vars(self))
        if not (self.schedule_after_warmup and self.warmup):
            # Left out so that `config_id` is the same as in records from before this field existed.
            del values["schedule_after_warmup"]
        for kind in ("model", "data"):
            if not values[kind]:  # for the same reason
                del values[kind]
        return values

    def to_json(self) -> str:
        return _SORTED.encode(self.to_dict())


def config_id_of(text: str) -> str:
    """Return the identifier of a configuration, computed from its JSON: twelve hexadecimal digits, equal for equal
    configurations.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:12]
