"""The comparison for a sweep: Optuna in memory around a PyTorch loop, one study and an equal share of points per process."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

Point = tuple[int, float]
Rows = tuple[npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True)
class Problem:
    """Training and judging rows of a problem, the network's widths, and how many epochs a trial lasts. Without widths, the
    network is LeNet-5, and the inputs are images, (rows, channels, height, width).
    """

    train: Rows
    judge: Rows
    widths: tuple[int, ...]
    epochs: int


@dataclass(frozen=True)
class Sweep:
    """Seconds until every process had finished its first trial, and what came then: so many trials in so many seconds."""

    startup: float
    steady_trials: int
    steady_seconds: float

    @property
    def rate(self) -> float:
        """Trials a second after start-up."""
        return self.steady_trials / self.steady_seconds


def run(problem: Problem, points: Sequence[Point], workers: int) -> Sweep:
    """Trains at all points, at least two a process. What a process does for its share is all there is: no log, no storage."""
    context = get_context("spawn")
    start = perf_counter()
    connections, processes = [], []
    for number in range(workers):
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=_work, args=(theirs, problem, points[number::workers])))
        processes[-1].start()
        connections.append(ours)
    for connection in connections:
        connection.recv()
    ready = perf_counter()
    for connection in connections:
        connection.send("go")
    for connection in connections:
        connection.recv()
    done = perf_counter()
    for process in processes:
        process.join()
    return Sweep(ready - start, len(points) - workers, done - ready)


def _work(connection: Connection, problem: Problem, points: Sequence[Point]) -> None:
    import optuna
    import torch

    from .peers.torch_eager import lenet, loss_of, network, optimizer_of

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    inputs, targets, judge_inputs, judge_targets = map(torch.from_numpy, (*problem.train, *problem.judge))
    sizes = sorted({size for size, _ in points})
    rates = [rate for _, rate in points]

    def objective(trial: optuna.Trial) -> float:
        size = trial.suggest_categorical("batch_size", sizes)
        rate = trial.suggest_float("learning_rate", min(rates), max(rates), log=True)
        model = network(problem.widths) if problem.widths else lenet()
        optimizer = optimizer_of("sgd", model, rate)
        for _ in range(problem.epochs):
            for rows in torch.randperm(len(inputs)).split(size):
                optimizer.zero_grad()
                loss_of(model(inputs[rows]), targets[rows]).backward()
                optimizer.step()
        with torch.no_grad():
            return float(loss_of(model(judge_inputs), judge_targets))

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for size, rate in points:
        study.enqueue_trial({"batch_size": size, "learning_rate": rate})
    study.optimize(objective, n_trials=1)
    connection.send("ready")
    connection.recv()
    study.optimize(objective, n_trials=len(points) - 1)
    connection.send("done")


def problem_of(text: str) -> Problem:
    """The very rows and network that a sweep file trains on."""
    from sweepgd.data.byte_inputs import as_numbers
    from sweepgd.sweep import parse
    from sweepgd.training.sweep_context import SweepContext

    context = SweepContext(parse(text))
    data = context.data(0)
    train, judge = as_numbers(data.train), as_numbers(data.validation or data.train)
    image = context.sweep.model.name == "lenet"

    def inputs(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values.reshape(-1, 1, 28, 28).copy() if image else values.copy()

    def targets(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values[:, 0].astype(np.int64) if data.classes else values.copy()

    hidden = (context.sweep.model.model_extra or {}).get("hidden", ())
    widths = () if image else (train.inputs.shape[1], *hidden, len(data.classes) or 1)
    assert context.sweep.budget.epochs is not None
    return Problem(
        (inputs(train.inputs), targets(train.targets)),
        (inputs(judge.inputs), targets(judge.targets)),
        widths,
        context.sweep.budget.epochs,
    )
