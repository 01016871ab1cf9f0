"""One run: calls of the compiled trainer, and the evaluations between these calls."""

from collections.abc import Callable, Generator, Iterator, Sequence
from math import ceil, inf, nan
from time import monotonic, perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.outcome import COMPLETED, DIVERGED, FAILED, TIMED_OUT, Outcome
from sweepgd.data import Data
from sweepgd.models import Architecture
from sweepgd.optimizers import Optimizer
from sweepgd.plugins import registry
from sweepgd.schedules import Clock, learning_rates
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.batches import row_orders
from sweepgd.training.compiled_run import CompiledRun
from sweepgd.training.evaluation import Best, Evaluation
from sweepgd.training.run_monitor import RunMonitor
from sweepgd.training.start import initial_parameters, kernel_key, plan_of, warmup_of
from sweepgd.training.start_evaluation import StartEvaluation
from sweepgd.training.stretches import stretch_from

# The most seconds that a single call of a kernel should take, because a kernel does not notice Ctrl-C (numba#5551).
CALL_SECONDS = 0.25
FIRST_CALL_UPDATES = 256


class Training:
    """A run that advances from evaluation to evaluation, so that replicates can advance in turn.

    The run also yields at each of `rungs`, the percentages of the budget at which a pruner decides. If the budget is in
    seconds, the run yields at the first evaluation after a rung. The evaluation at a rung is in `latest`, for the pruner only.
    This evaluation does not count for patience, the goal or the best weights, and does not change the rest of the run.

    `weights` are the probabilities of the rows, if an epoch draws rows at random (`sweepgd.training.batches.row_orders`).
    Without `gradient_norm`, evaluations leave out the norm of the gradient. `start_evaluation` is that of other runs with the
    same data and architecture. To
    repeat a run of another library, give `initial`, parameters, (parameters,) or (recorded,), and `order`, a function from the
    epoch to its row numbers. At the time `deadline` of the monotonic clock, the run is timed out. After the last evaluation of
    `advance()`, `outcome` is the outcome of the run, `points` are its evaluations, `parameters` are the final weights, and
    `best` holds the weights of the best evaluation. Raises UsageError if the configuration does not fit the data.
    """

    def __init__(
        self, configuration: Configuration, data: Data, architecture: Architecture, budget: Budget, *,
        seed: int, dtype: str = "float32", shuffle: str = "epoch", last_batch: str = "keep",
        weights: npt.NDArray[np.float64] | None = None,
        gradient_norm: bool = True, start_evaluation: StartEvaluation | None = None,
        rungs: Sequence[int] = (), deadline: float = inf,
        initial: npt.NDArray[Any] | None = None, order: Callable[[int], npt.NDArray[np.int64]] | None = None,
    ) -> None:  # fmt: skip
        self.configuration, self.data, self.budget = configuration, data, budget
        self.plan = plan_of(configuration, data.rows, last_batch)
        self.batch_size = configuration.batch_rows(data.rows)
        self._order = order or row_orders(data.rows, seed, shuffle, weights)
        self._total_updates = self.plan.length(budget)
        self._last_update = None if budget.seconds is not None else self._total_updates
        self._rungs = [ceil(percent * self._last_update / 100) for percent in rungs] if self._last_update else []
        self._schedule = registry.get("schedules", configuration.schedule)
        self._warmup, self._start = warmup_of(configuration, self.plan)

        optimizer: Optimizer = registry.get("optimizers", configuration.optimizer)
        start = initial_parameters(architecture, seed) if initial is None else initial
        key, batch = kernel_key(seed), self.plan.batch_size(0)
        self.kernels = CompiledRun(
            optimizer, configuration, architecture, data,
            initial=start, key=key, batch=batch, dtype=dtype, gradient_norm=gradient_norm,
        )  # fmt: skip
        self._start_evaluation = start_evaluation or StartEvaluation()
        self.points: list[Evaluation] = []
        self.positions: list[npt.NDArray[Any]] | None = [] if architecture.records_position else None
        self.outcome: Outcome | None = None
        self._deadline = deadline
        self.updates, self.samples, self.seconds = 0, 0, 0.0
        self._judge = RunMonitor(budget)
        self._at_rung: Evaluation | None = None
        self._updates_per_call = FIRST_CALL_UPDATES
        self._batch_loss = nan

    @property
    def best(self) -> Best | None:
        """The evaluation with the lowest loss so far, and the run's weights there."""
        return self._judge.best

    @property
    def steps_to_goal(self) -> int | None:
        """The update of the first evaluation that reached the goal, or None if the goal has not been reached yet."""
        return self._judge.steps_to_goal

    @property
    def latest(self) -> Evaluation:
        """The latest evaluation, possibly an evaluation at a rung."""
        return self._at_rung or self.points[-1]

    @property
    def parameters(self) -> npt.NDArray[Any]:
        """The parameters and buffers, (recorded,), at which the run is evaluated. Some optimizers derive the parameters."""
        return self.kernels.evaluated_parameters(self.updates)

    @property
    def planned_updates(self) -> int:
        """The number of updates of the whole run, or of the run so far if the budget is in seconds."""
        return max(1, self.updates) if self._last_update is None else self._last_update

    @property
    def percent(self) -> float:
        """The share of the budget that is spent, from 0 to 100."""
        if self.budget.seconds is not None:
            return 100.0 * min(self.seconds / self.budget.seconds, 1.0)
        return 100.0 * self.updates / self.planned_updates

    def advance(self) -> Iterator[Evaluation]:
        """Train to the end. Yield each evaluation: at the start, at rungs, at the end, and as often as the budget requires."""
        if self._deadline < inf:
            self._updates_per_call = 1  # 256 updates of a slow optimizer may take longer than the time limit
            self._check_time()
            if self.outcome is not None:
                return
        yield self._evaluate(0.0, nan)
        epoch = 0
        while self.outcome is None:
            epoch += yield from self._run_stretch(epoch)

    def end(self, outcome: Outcome) -> None:
        """End the run now. At a rung, the rung's evaluation becomes the last evaluation, and may turn the outcome into
        `diverged`.
        """
        if self._at_rung is not None:
            self._record(self._at_rung, self.parameters)
            if self.outcome is not None and self.outcome.status == DIVERGED:
                return
        self.outcome = outcome

    def fail(self, message: str) -> None:
        """End the run after an exception."""
        self.outcome = Outcome(FAILED, message)

    def run(self) -> "Training":
        """Train to the end and return the run itself."""
        for _ in self.advance():
            pass
        return self

    def _run_stretch(self, epoch: int) -> Generator[Evaluation, None, int]:
        """Run one epoch, or several epochs if `budget.evaluate` allows. Yield the evaluations. Return the number of epochs."""
        left = inf if self._last_update is None else self._last_update - self.updates
        stretch = stretch_from(self.plan, self._order, epoch, 1 if self.budget.evaluate is None else left)
        bounds, before = stretch.bounds, self.samples
        self.kernels.reserve_scratch(stretch.largest)
        clock = Clock(
            updates=np.arange(self.updates, self.updates + stretch.updates, dtype=np.int64),
            epochs=stretch.epochs[:-1],
            total_updates=self._total_updates,
        )
        settings, rate = self.configuration.schedule_settings, self.configuration.learning_rate
        rates = learning_rates(self._schedule, settings, clock, rate, self._warmup, self._start)
        end, done = int(min(stretch.updates, left)), 0
        while done < end and self.outcome is None:
            evaluation = self._next_evaluation(bounds, done, before)
            evaluation = min(evaluation, end) if left <= stretch.updates else evaluation
            stop = int(min([evaluation, end, *(done + rung - self.updates for rung in self._rungs if rung > self.updates)]))
            while done < stop and self.outcome is None:
                upto = min(stop, done + self._updates_per_call)
                made = self._train(stretch.order, bounds[done : upto + 1], rates[done:upto])
                done += made
                self.samples = before + int(bounds[done])
                if self.budget.seconds is not None and self.seconds >= self.budget.seconds:
                    evaluation = stop = end = done
                self._check_time()
            last = max(done - 1, 0)
            progress = (float(stretch.epochs[done]), float(rates[last]), int(bounds[last + 1] - bounds[last]))
            if done < evaluation and self.outcome is None:
                if self.updates in self._rungs:
                    self._at_rung = self._evaluated(self.parameters, *progress)
                    yield self._at_rung
                continue
            yield self._evaluate(*progress)
            if self.outcome is None and self._budget_is_spent():
                self.outcome = Outcome(COMPLETED, "budget spent")
        return stretch.count

    def _check_time(self) -> None:
        if self.outcome is None and monotonic() > self._deadline:
            self.outcome = Outcome(TIMED_OUT, "stopped at the trial's time limit")

    def _next_evaluation(self, bounds: npt.NDArray[np.int64], done: int, before: int) -> float:
        """Return the update of this stretch after which the run is evaluated next. The update may lie beyond the stretch."""
        evaluate = self.budget.evaluate
        if evaluate is not None:  # evaluate after every `evaluate` updates
            return inf if evaluate == "end" else done + evaluate - self.updates % evaluate
        # otherwise at the end of the epoch and at multiples of `eval_every`
        every, last = self.budget.eval_every, len(bounds) - 1
        if every is None:
            return last
        target = (self.samples // every + 1) * every - before
        return min(last, max(done + 1, int(np.searchsorted(bounds, target))))

    def _budget_is_spent(self) -> bool:
        if self._last_update is not None:
            return self.updates >= self._last_update
        return self.budget.seconds is not None and self.seconds >= self.budget.seconds

    def _train(self, order: npt.NDArray[Any], bounds: npt.NDArray[Any], rates: npt.NDArray[Any]) -> int:
        """Make one update for each rate, in one call of the compiled trainer. Return the number of updates made."""
        start = perf_counter()
        made, loss, previous = self.kernels.train(order, bounds, rates, self.updates, self._judge.limit)
        elapsed = perf_counter() - start
        self.seconds += elapsed
        self.updates += made
        self._updates_per_call = max(1, int(CALL_SECONDS * len(rates) / max(elapsed, 1e-9)))
        if made < len(rates):
            self._batch_loss = previous if made else self._batch_loss
            self.outcome = self._judge.diverged(self.updates, "mini-batch", loss, self._batch_loss)
        self._batch_loss = loss
        return made

    def _evaluate(self, epoch: float, rate: float, batch_size: int = 0) -> Evaluation:
        """Evaluate the run, and add the evaluation to `points`."""
        parameters = self.parameters
        point = self._evaluated(parameters, epoch, rate, batch_size)
        self._record(point, parameters)
        return point

    def _evaluated(self, parameters: npt.NDArray[Any], epoch: float, rate: float, batch_size: int) -> Evaluation:
        counts = (self.updates, epoch, self.samples, self.seconds, rate, batch_size or self.batch_size)
        # An Evaluation has the fields of the result in the same order. Keyword arguments would take 1.5 µs more.
        evaluate = self.kernels.evaluate
        result = evaluate(parameters) if self.updates else self._start_evaluation.of(parameters, evaluate)
        return Evaluation(*counts, *result, self._batch_loss)

    def _record(self, point: Evaluation, parameters: npt.NDArray[Any]) -> None:
        """Add an evaluation to `points`. The evaluation may end the run."""
        self._at_rung = None
        self.points.append(point)
        if self.positions is not None:
            self.positions.append(parameters)
        if self.outcome is None:
            self.outcome = self._judge.observe(point, parameters)
