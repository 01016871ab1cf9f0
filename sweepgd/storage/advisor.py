"""What to try next where several commands try it: an Advisor whose memory is in the database."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from optuna.trial import FixedTrial, FrozenTrial

from sweepgd.advisor import Advisor, dump
from sweepgd.space import Value
from sweepgd.storage.link import Link, answer
from sweepgd.storage.memory import Memory
from sweepgd.sweep import Sweep

# So long a worker at a rung waits for the judgement; while the database is away, its trial goes on.
JUDGE_SECONDS = 1.0


class Ending(NamedTuple):
    """What Optuna is told of a trial, once it is known to count."""

    values: list[float] | None
    pruned: bool


class SharedAdvisor(Advisor):
    """The Advisor of one of several commands, which knows the points of the trials that this command has claimed.

    Adaptive samplers are asked for one trial at a time, with all results told so far by any command.
    """

    def __init__(self, sweep: Sweep, objectives: Sequence[str], memory: Memory, link: Link) -> None:
        super().__init__(sweep, objectives)
        self.one_by_one = self.adaptive
        """Whether a point is the better the later it is asked for."""
        self.learns = super().remembers
        """Whether Optuna's study is asked, and so has to know what is recorded."""
        self.adaptive = False  # told at once, not in generations
        self._memory, self._link = memory, link
        self._held: dict[int, tuple[int, FrozenTrial]] = {}
        self._endings: dict[int, Ending] = {}

    @property
    def remembers(self) -> bool:
        """False: the memory is in the database, and not rebuilt from the record."""
        return False

    def asks(self, number: int) -> bool:
        """Whether the point of a trial, or its pruning, depends on others, so that Optuna's study is asked."""
        return self.learns and number >= len(self.points)

    def asked(self, number: int, asked: int, trial: FrozenTrial) -> None:
        """Takes the trial that Optuna's study was asked for, and the number under which it holds it."""
        self._held[number] = asked, trial

    def ask(self, number: int) -> dict[str, Value]:
        """The point of a claimed trial."""
        if number in self._held:
            return self.space.ask(FixedTrial(self._held[number][1].params))
        return super().ask(number)

    def should_prune(self, number: int, percent: int, mean: float) -> bool:
        """Takes a report at a rung. Where the database does not answer, the trial goes on."""
        if number not in self._held:
            return False
        asked, trial = self._held[number]
        trial.intermediate_values[percent] = mean
        judged = self._link.submit(lambda: self._memory.should_prune(asked, percent, mean))
        if self._link.away:
            return False
        try:
            return answer(judged, JUDGE_SECONDS)
        except TimeoutError:
            return False

    def state(self, number: int, values: Sequence[float] | None, *, pruned: bool = False) -> str | None:
        """What is recorded of a trial, so that a search without the database can go on; None where it needs nothing."""
        self._endings[number] = Ending(None if values is None else list(values), pruned)
        if number not in self._held:
            return self.state_of_point(self.points[number], values) if self.learns else None
        _, trial = self._held[number]
        return dump(values, pruned, trial.params, trial.distributions, trial.system_attrs, trial.intermediate_values)

    def tell(self, number: int, values: Sequence[float] | None, state: str | None) -> None:
        pass  # Optuna is told when the result is known to count

    def counts(self, number: int) -> None:
        """Tells Optuna the result of a trial, which counts, where its study can hold it."""
        ending = self._endings.pop(number)
        if number in self._held:
            asked, _ = self._held.pop(number)
            self._link.submit(lambda: self._memory.tell(asked, ending.values, pruned=ending.pruned))
        elif (state := self.state_of_point(super().ask(number), ending.values)) is not None:
            self._add(number, state)

    def learn(self, states: Mapping[int, str]) -> None:
        """Tells Optuna what is recorded of trials that were found in the record, where its study is asked."""
        if self.learns and states:
            self._link.submit(lambda: self._memory.learn(states))

    def _add(self, number: int, state: str) -> None:
        """Adds a result to Optuna's study, at once only where the study is asked."""
        submit = self._link.submit if self.learns else self._link.submit_later
        submit(lambda: self._memory.add(number, state))
