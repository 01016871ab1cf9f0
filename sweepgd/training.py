"""One training run: a configuration, data and a seed in; a curve, weights and an outcome out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil, inf, isfinite, isnan, nan
from time import monotonic, perf_counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd import registry
from sweepgd.binding import Binding
from sweepgd.budget import Budget
from sweepgd.configuration import Configuration
from sweepgd.confusion import MOST_CLASSES, confusion
from sweepgd.data import Data
from sweepgd.models import Architecture
from sweepgd.optimizers import Optimizer
from sweepgd.outcome import COMPLETED, DIVERGED, TIMED_OUT, Outcome
from sweepgd.plan import Plan, row_orders
from sweepgd.problem import UsageProblem
from sweepgd.schedules import BATCH_SCHEDULES, Clock, learning_rates
from sweepgd.streams import INIT, KEY, stream

# A kernel does not see Ctrl-C (numba#5551): no call of one may last much longer than this.
CALL_SECONDS = 0.25
FIRST_CALL_UPDATES = 256
SEEDS_KEPT, PARAMETERS_KEPT = 64, 16384


class Point(NamedTuple):
    """One evaluation: where training stands after `update` updates. Losses are means without penalties; NaN is "none"."""

    update: int
    epoch: float
    samples: int
    seconds: float
    learning_rate: float
    batch_size: int
    train_loss: float
    validation_loss: float
    test_loss: float
    train_error: float
    validation_error: float
    test_error: float
    gradient_norm: float
    batch_loss: float


@dataclass(frozen=True)
class Best:
    """The weights of the evaluation with the lowest validation loss (train loss where there is no validation part)."""

    point: Point
    parameters: npt.NDArray[Any]


def resolve_batch_size(batch_size: int | str, rows: int) -> int:
    """The number of rows that a configuration's batch size stands for. Raises UsageProblem outside 1 to `rows`."""
    size = rows if batch_size == "full" else int(batch_size)
    if not 1 <= size <= rows:
        raise UsageProblem(f'batch_size {size}: must be 1 to {rows}, the number of training rows, or "full"')
    return size


# Replicates have the same seeds in every trial, and so the same beginnings: 30 µs a run, a tenth of a small trial. These are at
# most 8 MB.
def beginning(architecture: Architecture, seed: int) -> npt.NDArray[np.float64]:
    """The parameters that a run begins with, (parameters,)."""
    return (_kept if architecture.parameters <= PARAMETERS_KEPT else _drawn)(architecture, seed)


def _drawn(architecture: Architecture, seed: int) -> npt.NDArray[np.float64]:
    return architecture.initial(stream(seed, INIT))


_kept = lru_cache(SEEDS_KEPT)(_drawn)


@lru_cache(SEEDS_KEPT)
def _key(seed: int) -> int:
    return int(stream(seed, KEY).integers(2**62))


class Training:
    """A run that advances from evaluation to evaluation, so that replicates can advance side by side.

    Besides the evaluations that the budget asks for there is one at each of `rungs`, percents of the budget at which a
    pruner judges (under a budget in seconds: at the first evaluation after it). `weights` are the probabilities by which an
    epoch draws its rows, where they have some (`sweepgd.plan.row_orders`). `initial` (parameters,) and `order` (epoch → row
    numbers) replace what the seed would draw, to repeat another library's run.

    After `advance()` is exhausted, `outcome` tells how it ended, `points` is its curve, `parameters` the final weights to
    judge by, and `best` the best ones. Raises UsageProblem where the configuration does not fit the data.
    """

    def __init__(
        self,
        configuration: Configuration,
        data: Data,
        architecture: Architecture,
        budget: Budget,
        *,
        seed: int,
        dtype: str = "float32",
        shuffle: str = "epoch",
        last_batch: str = "keep",
        weights: npt.NDArray[np.float64] | None = None,
        rungs: Sequence[int] = (),
        initial: npt.NDArray[Any] | None = None,
        order: Callable[[int], npt.NDArray[np.int64]] | None = None,
    ) -> None:
        self.configuration, self.data, self.budget = configuration, data, budget
        self.batch_size = resolve_batch_size(configuration.batch_size, data.rows)
        batch_schedule = BATCH_SCHEDULES[configuration.batch_schedule]
        grow = partial(batch_schedule.size, self.batch_size, **configuration.batch_schedule_settings)
        self.plan = Plan(data.rows, grow, drop_last=last_batch == "drop")
        self._order = order or row_orders(data.rows, seed, shuffle, weights)
        self._total_updates = self.plan.length(budget)
        self._last_update = None if budget.seconds is not None else self._total_updates
        self._rungs = [ceil(percent * self._last_update / 100) for percent in rungs] if self._last_update else []
        self._schedule = registry.get("schedules", configuration.schedule)
        self._warmup = round(configuration.warmup * self.plan.updates(0))

        optimizer: Optimizer = registry.get("optimizers", configuration.optimizer)
        self._binding = Binding(
            optimizer,
            configuration,
            architecture,
            data,
            initial=beginning(architecture, seed) if initial is None else initial,
            key=_key(seed),
            batch=self.plan.batch_size(0),
            dtype=dtype,
        )

        self.points: list[Point] = []
        self.positions: list[npt.NDArray[Any]] | None = [] if architecture.records_position else None
        self.best: Best | None = None
        self._best_loss = inf
        self.outcome: Outcome | None = None
        self.deadline = inf
        """When, by the monotonic clock, the run is to stop as timed out."""
        self.steps_to_goal: int | None = None
        self.updates = self.samples = 0
        self.seconds = 0.0
        self._updates_per_call = FIRST_CALL_UPDATES
        self._without_improvement = 0
        self._limit = inf
        self._batch_loss = nan

    @property
    def parameters(self) -> npt.NDArray[Any]:
        """The weights to judge by, (parameters,): the ones stepped, or what the optimizer makes of them."""
        return self._binding.judged(self.updates)

    def confusions(self) -> dict[str, npt.NDArray[np.int64]]:
        """Which classes validation and test rows are taken for at the weights to judge by; {} with no classes, or too many."""
        classes, parameters = len(self.data.classes), self.parameters
        if not 0 < classes <= MOST_CLASSES:
            return {}
        found = {}
        for name, part in (("validation", self.data.validation), ("test", self.data.test)):
            if part is not None:
                counts = confusion(partial(self._binding.error, parameters), part, classes)
                if counts is not None:
                    found[name] = counts
        return found

    @property
    def planned_updates(self) -> int:
        """The updates of the whole run; where a budget in seconds leaves them open, those made."""
        return max(1, self.updates) if self._last_update is None else self._last_update

    @property
    def percent(self) -> float:
        """How much of the budget is done, from 0 to 100."""
        if self.budget.seconds is not None:
            return 100.0 * min(self.seconds / self.budget.seconds, 1.0)
        return 100.0 * self.updates / self.planned_updates

    def advance(self) -> Iterator[Point]:
        """Trains to the end, yielding each evaluation: at the start, every `eval_every` samples, at each epoch's end."""
        epoch = 0
        if self.deadline < inf:
            self._updates_per_call = 1  # 256 of a slow rule's may last longer than the run may
            self._check_time()
            if self.outcome is not None:
                return
        yield self._look(0.0, nan)
        self._limit = self.budget.divergence * max(1.0, abs(self.points[0].train_loss))
        while self.outcome is None:
            yield from self._run_epoch(epoch)
            epoch += 1

    def run(self) -> "Training":
        """Trains to the end at once."""
        for _ in self.advance():
            pass
        return self

    def _run_epoch(self, epoch: int) -> Iterator[Point]:
        order = np.ascontiguousarray(self._order(epoch), dtype=np.int64)
        bounds = self.plan.bounds(epoch)
        updates = len(bounds) - 1
        self._binding.make_room(int(bounds[1]))
        seen, before = int(bounds[-1]), self.samples
        clock = Clock(
            updates=np.arange(self.updates, self.updates + updates, dtype=np.int64),
            epochs=epoch + bounds[:-1] / seen,
            total_updates=self._total_updates,
        )
        configuration = self.configuration
        rates = learning_rates(
            self._schedule, configuration.schedule_settings, clock, configuration.learning_rate, self._warmup
        )
        end = updates if self._last_update is None else min(updates, self._last_update - self.updates)
        done = 0
        while done < end and self.outcome is None:
            stop = min(self._next_evaluation(bounds, done, before), end)
            while done < stop and self.outcome is None:
                upto = min(stop, done + self._updates_per_call)
                made = self._train(order, bounds[done : upto + 1], rates[done:upto])
                done += made
                self.samples = before + int(bounds[done])
                if self.budget.seconds is not None and self.seconds >= self.budget.seconds:
                    stop = end = done
                self._check_time()
            last = max(done - 1, 0)
            yield self._look(epoch + float(bounds[done]) / seen, float(rates[last]), int(bounds[last + 1] - bounds[last]))
            if self.outcome is None and self._budget_is_spent():
                self.outcome = Outcome(COMPLETED, "budget spent")

    def _check_time(self) -> None:
        if self.outcome is None and monotonic() > self.deadline:
            self.outcome = Outcome(TIMED_OUT, "stopped at the trial's time limit")

    def _next_evaluation(self, bounds: npt.NDArray[np.int64], done: int, before: int) -> int:
        """Up to which update of this epoch to train: to the next multiple of `eval_every` samples, rung, or the epoch's end."""
        stops = [len(bounds) - 1]
        every = self.budget.eval_every
        if every is not None:
            target = (self.samples // every + 1) * every - before
            stops.append(max(done + 1, int(np.searchsorted(bounds, target))))
        stops += [done + rung - self.updates for rung in self._rungs if rung > self.updates]
        return min(stops)

    def _budget_is_spent(self) -> bool:
        if self._last_update is not None:
            return self.updates >= self._last_update
        return self.budget.seconds is not None and self.seconds >= self.budget.seconds

    def _train(self, order: npt.NDArray[Any], bounds: npt.NDArray[Any], rates: npt.NDArray[Any]) -> int:
        """Makes one update a rate, in one call of the compiled trainer; returns how many it made."""
        start = perf_counter()
        made, loss, previous = self._binding.train(order, bounds, rates, self.updates, self._limit)
        elapsed = perf_counter() - start
        self.seconds += elapsed
        self.updates += made
        self._updates_per_call = max(1, int(CALL_SECONDS * len(rates) / max(elapsed, 1e-9)))
        if made < len(rates):
            self._batch_loss = previous if made else self._batch_loss
            self._diverge(self.updates, "mini-batch", loss)
        self._batch_loss = loss
        return made

    def _diverge(self, update: int, what: str, loss: float) -> None:
        bad = "not finite" if not isfinite(loss) else f"{loss:.3g}, beyond the limit of {self._limit:.3g}"
        finite = [value for value in (loss, self._batch_loss, *(p.train_loss for p in self.points[::-1])) if isfinite(value)]
        self.outcome = Outcome(
            DIVERGED,
            f"diverged at update {update}: the {what} loss is {bad}; try a smaller learning rate",
            diverged_at_update=update,
            last_finite_loss=finite[0] if finite else None,
        )

    def _look(self, epoch: float, rate: float, batch_size: int = 0) -> Point:
        """Evaluates, and decides whether the run diverged, reached its goal, or is to stop."""
        parameters = self.parameters
        measured = self._binding.measure(parameters)
        size = batch_size or self.batch_size
        counts = (self.updates, epoch, self.samples, self.seconds)
        point = Point._make((*counts, rate, size, *measured, self._batch_loss))
        self.points.append(point)
        if self.positions is not None:
            self.positions.append(parameters)
        if self.outcome is None:
            self._judge(point, parameters)
        return point

    def _judge(self, point: Point, parameters: npt.NDArray[Any]) -> None:
        if not isfinite(point.train_loss) or abs(point.train_loss) > self._limit:
            self._diverge(point.update, "train", point.train_loss)
            return
        budget = self.budget
        error = point.train_error if isnan(point.validation_error) else point.validation_error
        loss = point.train_loss if isnan(point.validation_loss) else point.validation_loss
        if budget.goal is not None and self.steps_to_goal is None and (loss if isnan(error) else error) < budget.goal:
            self.steps_to_goal = point.update
        if loss < self._best_loss:
            self.best, self._best_loss = Best(point, parameters), loss
            self._without_improvement = 0
        else:
            self._without_improvement += 1
        if budget.stop_at is not None and point.train_loss <= budget.stop_at:
            self.outcome = Outcome(COMPLETED, f"train loss at or below {budget.stop_at:g}")
        elif budget.patience is not None and self._without_improvement >= budget.patience:
            self.outcome = Outcome(COMPLETED, f"no better loss in {budget.patience} evaluations")
