"""Whole sweeps: against Optuna around PyTorch; two workers against one; what a trial costs beyond its updates."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from . import optuna_torch
from .finding import Finding
from .peers import PEERS
from .searches import SWEEPS, WORKERS, Search, search


@dataclass(frozen=True)
class Size:
    """Repeats of each search, and numbers of trials: of the sweeps, the peer, TPE, and the measurement of costs."""

    repeats: int = 3
    trials: int = 500
    peer_trials: int = 500
    lenet_trials: int = 40
    tpe: tuple[int, ...] = (200, 1000, 3000)
    costed: tuple[int, ...] = (1_000,)


QUICK = Size(repeats=1, trials=50, peer_trials=6, lenet_trials=4, tpe=(), costed=(50,))
LONG = Size(costed=(1_000, 100_000))
TIMES_THE_PEER = {"linear": 100.0, "digits": 15.0, "lenet": 1.5}
TRIALS_A_SECOND = {"linear": 2000.0, "digits": None, "lenet": None}


def measure(size: Size) -> Iterator[Finding]:
    for name in ("linear", "digits"):
        yield from _against_optuna(name, size)
    yield from _two_workers(size)
    yield from _cost(size)
    yield from _tpe(size)


def against_optuna_on_images(size: Size) -> Iterator[Finding]:
    """The comparison for LeNet-5, in one search, because it takes as long as hundreds of the others."""
    return _against_optuna("lenet", replace(size, repeats=1, trials=size.lenet_trials, peer_trials=size.lenet_trials))


def _search(name: str, trials: int, sampler: str = "random", workers: int = WORKERS) -> Search:
    print(f"searching {name}, {trials:,} {sampler} trials, {workers} workers …", file=sys.stderr)
    return search(SWEEPS[name], trials, sampler=sampler, workers=workers)


def _against_optuna(name: str, size: Size) -> Iterator[Finding]:
    ours = [_search(name, size.trials)]
    torch = next(entry for entry in PEERS if entry.package == "torch")
    peer = None
    if not torch.missing:
        print(f"searching {name}, {size.peer_trials} trials, Optuna and PyTorch …", file=sys.stderr)
        peer = optuna_torch.run(optuna_torch.problem_of(SWEEPS[name]), ours[0].points[: size.peer_trials], WORKERS)
    ours += [_search(name, size.trials) for _ in range(size.repeats - 1)]
    rate, whole = median(run.rate for run in ours), median(run.trials / run.wall for run in ours)
    what = f"{name}, {size.trials} random trials, {WORKERS} workers"
    note = f"{ours[0].diverged} diverged" if ours[0].diverged else ""
    yield Finding(f"{what}: after start-up", rate, "trials/s", TRIALS_A_SECOND[name], note=note)
    yield Finding(f"{what}: start-up", median(run.startup for run in ours), "s")
    yield Finding(f"{what}: start-up included", whole, "trials/s")
    against = f"{name} against Optuna and PyTorch"
    if peer is None:
        yield Finding(against, None, "×", TIMES_THE_PEER[name], note=f"PyTorch is not installed: {torch.install}")
        return
    trials = size.peer_trials
    only = f"from its first {trials} trials" if trials < size.trials else ""
    peer_whole = size.trials / (peer.startup + (size.trials - WORKERS) / peer.rate)
    yield Finding(f"{name}, Optuna and PyTorch: after start-up", peer.rate, "trials/s", note=only)
    yield Finding(f"{name}, Optuna and PyTorch: start-up", peer.startup, "s")
    yield Finding(f"{name}, Optuna and PyTorch: start-up included", peer_whole, "trials/s", note=only)
    yield Finding(f"{against}: after start-up", rate / peer.rate, "×", TIMES_THE_PEER[name])
    yield Finding(f"{against}: start-up included", whole / peer_whole, "×")


def _two_workers(size: Size) -> Iterator[Finding]:
    ratios = []
    for _ in range(size.repeats):
        two, one = (_search("digits", size.trials, workers=workers) for workers in (2, 1))
        ratios.append(two.rate / one.rate)
    yield Finding("digits: two workers against one", median(ratios), "×", at_least=1.9)


def _cost(size: Size) -> Iterator[Finding]:
    least = None
    for trials in size.costed:
        runs = [_search("linear", trials) for _ in range(size.repeats if trials <= 10_000 else 1)]
        cost = 1e3 * median(run.overhead for run in runs)
        what = f"linear, {trials:,} trials"
        yield Finding(f"{what}: a trial beyond its updates", cost, "ms", at_most=0.5 if least is None else 1.5 * least)
        peak = max(run.peak_bytes for run in runs) / 1e9
        yield Finding(f"{what}: peak memory", peak or None, "GB", at_most=1.0, note="" if peak else "no /proc to read it from")
        least = least or cost


def _tpe(size: Size) -> Iterator[Finding]:
    """TPE's share of the time: what the same number of random trials would have saved; and the parent process's share."""
    for trials in size.tpe:
        adaptive, random = (_search("linear", trials, sampler) for sampler in ("tpe", "random"))
        share = 1.0 - adaptive.rate / random.rate
        note = f"{1e3 / adaptive.rate:.2f} ms a trial, random {1e3 / random.rate:.2f} ms"
        yield Finding(f"linear, {trials:,} trials: the TPE sampler's share of the time", 100 * share, "%", note=note)
        for sampler in ("tpe", "random"):
            run = _search("digits", trials, sampler)
            what = f"digits, {trials:,} {sampler} trials: processor time of the parent, of the wall time"
            limit = 50.0 if (sampler, trials) == ("tpe", 1000) else None
            note = f"{1e3 * run.parent_seconds / trials:.2f} ms a trial, start-up included"
            yield Finding(what, 100 * run.parent_seconds / run.wall, "%", at_most=limit, note=note)
