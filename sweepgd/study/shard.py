"""One shard of a search, for machines that do not share a directory. Shards need a sampler whose points depend only on the
trial's number.
"""

import re
from dataclasses import dataclass
from typing import Any

from sweepgd.core.errors import UsageError
from sweepgd.study.samplers import ADAPTIVE
from sweepgd.sweep import Sweep


@dataclass(frozen=True)
class Shard:
    """Every `count`-th trial of a search. Shard 3/20 has the trials 2, 22, 42, … of the whole search."""

    index: int
    count: int

    @classmethod
    def of(cls, given: Any) -> "Shard":
        """Return the shard written as "3/20" or (3, 20). Raises UsageError for anything else."""
        if isinstance(given, Shard):
            return given
        if isinstance(given, str):
            written = re.fullmatch(r"(\d{1,9})/(\d{1,9})", given, re.ASCII)
            parts: Any = None if written is None else tuple(map(int, written.groups()))
        else:
            parts = given
        numbers = isinstance(parts, (tuple, list)) and len(parts) == 2 and all(type(part) is int for part in parts)
        if not numbers or not 1 <= parts[0] <= parts[1]:
            raise UsageError(f"shard {given!r} is not valid: write I/N with I from 1 to N, such as 3/20")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def check(self, sweep: Sweep) -> None:
        """Raise UsageError if trials of one shard depend on trials of other shards."""
        search = sweep.search
        if self.count > 1 and search.sampler in ADAPTIVE:
            raise UsageError(
                f"shard {self}: the {search.sampler} sampler learns from all trials, but a shard has only its own trials:"
                " use random, grid or quasi_random"
            )
        if self.count > 1 and search.pruner != "none":
            raise UsageError(
                f"shard {self}: the {search.pruner} pruner compares all trials, but a shard has only its own trials:"
                ' set search.pruner="none"'
            )

    def numbers(self, generation: range) -> range:
        """Return the numbers of a generation that belong to this shard."""
        return generation[self.index - 1 :: self.count]

    @property
    def trials(self) -> str:
        """The name of the shard's trials in messages, such as "trials of shard 3/20"."""
        return f"trials of shard {self}"

    def folder(self, name: str) -> str:
        """Return the name of the results directory of this shard of a sweep."""
        return f"{name}-shard-{self.index}-of-{self.count}"


WHOLE = Shard(1, 1)
