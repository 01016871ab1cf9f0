"""Optuna's study in the database: the memory that adaptive samplers and pruners share, and what a dashboard opens."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from shlex import quote

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import URL

from sweepgd.advisor import Advisor, trial_of
from sweepgd.problem import Problem
from sweepgd.pruners import RUNGS, make_pruner
from sweepgd.samplers import ADAPTIVE, Points
from sweepgd.storage.database import options, visible
from sweepgd.storage.watch import Watch
from sweepgd.sweep import Sweep

# The attribute of a trial of Optuna's that holds its number in the record.
NUMBER = "trial"
# Where nothing is asked of it, the study is for dashboards alone, and need not wait for the server's disk.
UNHURRIED = "-c synchronous_commit=off"


class Memory:
    """What the commands of a study ask Optuna, and tell it. Any method may be repeated after the database was away."""

    def __init__(self, url: URL, name: str, sweep: Sweep, objectives: int, watch: Watch) -> None:
        self._advisor = Advisor(sweep, ["objective"] * objectives)
        self._space, self._fixed = self._advisor.space, len(self._advisor.points)
        self._sampler = self._advisor.sampler(0)
        self._in_doubt: set[int] = set()
        asked = sweep.search.sampler in ADAPTIVE or bool(RUNGS[sweep.search.pruner])
        more = () if asked else (UNHURRIED,)
        whole = url.render_as_string(hide_password=False)
        self._storage = RDBStorage(whole, engine_kwargs=options(url, *more), skip_compatibility_check=True)
        there, needed = self._storage.get_current_version(), self._storage.get_head_version()
        if there != needed:
            self.close()
            raise Problem(
                f"Optuna's tables in the database have version {there}, and the installed Optuna needs {needed}: optuna storage"
                f" upgrade --storage {quote(visible(url))}, or pip install -U optuna where it is the older one"
            )
        watch.add(self._storage.engine)
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=name,
            directions=["minimize"] * objectives,
            pruner=make_pruner(sweep.search.pruner, objectives),
            load_if_exists=True,
        )

    def ask(self, number: int) -> tuple[int, FrozenTrial]:
        """Asks for the point of a trial; returns the number under which Optuna's storage holds it, and what it holds."""
        drawn = number - self._fixed
        if isinstance(self._sampler, Points):
            self._sampler.number = drawn
            self._study.sampler = self._sampler
        else:
            self._study.sampler = self._advisor.sampler(drawn, parallel=True)
        trial = self._study.ask()
        trial.set_user_attr(NUMBER, number)
        self._space.ask(trial)
        return trial._trial_id, self._storage.get_trial(trial._trial_id)

    def asked(self, held: int) -> FrozenTrial | None:
        """The trial that the storage holds under this number; None where it has been deleted, as with its study."""
        try:
            return self._storage.get_trial(held)
        except KeyError:
            return None

    def should_prune(self, held: int, percent: int, mean: float) -> bool:
        """Takes a report at a rung, and judges by those of all commands."""
        try:
            self._storage.set_trial_intermediate_value(held, percent, mean)
        except UpdateFinishedTrialError:  # another command has taken the trial over, and ended it
            return False
        return self._study.pruner.prune(self._study, self._storage.get_trial(held))

    def tell(self, held: int, values: Sequence[float] | None, *, pruned: bool) -> None:
        """Tells the result of a trial that was asked for: what is minimised, or None where it failed."""
        ending = TrialState.FAIL if values is None else TrialState.PRUNED if pruned else TrialState.COMPLETE
        with suppress(UpdateFinishedTrialError):  # told already, and the answer was lost
            self._storage.set_trial_state_values(held, ending, values)

    def add(self, number: int, state: str) -> None:
        """Adds a result whose point was not asked for here."""
        if number in self._in_doubt:
            self.learn({number: state})  # it may be there, and only the answer was lost
        else:
            self._in_doubt.add(number)
            self._add(number, state)
        self._in_doubt.discard(number)

    def learn(self, states: Mapping[int, str]) -> None:
        """Takes what is recorded of trials, by number, where it has no result of them yet."""
        trials = self._study.get_trials(deepcopy=False)
        lacking = dict(states)
        for trial in trials:
            if trial.state.is_finished():
                lacking.pop(trial.user_attrs.get(NUMBER, -1), None)
        for trial in trials:
            state = lacking.pop(trial.user_attrs.get(NUMBER, -1), None)
            if state is not None:
                ending = trial_of(state)
                self.tell(trial._trial_id, ending.values, pruned=ending.state == TrialState.PRUNED)
        for number, state in lacking.items():
            self._add(number, state)

    def fail_rest(self, total: int) -> None:
        """Fails what was asked for below a number and is run by nobody, as where an answer of the database was lost."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.user_attrs.get(NUMBER, -1) < total:
                self.tell(trial._trial_id, None, pruned=False)

    def _add(self, number: int, state: str) -> None:
        self._study.add_trial(trial_of(state, **{NUMBER: number}))

    def close(self) -> None:
        """Closes the connections."""
        self._storage.remove_session()
        self._storage.engine.dispose()
