"""Trials through Dask on this machine: against the local pool, and how many workers one driver can feed.

The driver's cost of a block is measured with blocks that a stand-in for the transport returns at once, so that nothing but the
driver works: it forms and pickles blocks, and unpickles, appends, flushes and reports results.
"""

import pickle
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from sweepgd.core.interrupts import Stop
from sweepgd.execution.messages import Block, Returned
from sweepgd.execution.remote_pool import RemotePool
from sweepgd.execution.transport import BlockEnded
from sweepgd.record import Store
from sweepgd.record.commit_results import NoProgress, ResultCommitter
from sweepgd.study.ask_and_tell import AskAndTell
from sweepgd.study.preparation import prepare
from sweepgd.sweep import parse, to_toml
from sweepgd.training.trial import run

from .finding import Finding
from .searches import SWEEPS, WORKERS, Search, search

TRIALS = {"linear": 20_000, "digits": 1_000}
# Ten trials of a million updates, half a second of training between two rungs; the pruner begins with the sixth.
PRUNED = (
    SWEEPS["digits"].replace("epochs = 10", "updates = 1000000")
    + """
[search]
pruner = "median"
"""
)
PRUNED = PRUNED.replace("batch_size = { low = 1, high = 1024, log = true, step = 2 }", "batch_size = 8")
PRUNED_TRIALS = 10
PRUNED_TIME_OF_LOCAL = 1.2
SHARE_OF_LOCAL = {"linear": 0.6, "digits": 0.9}
# A block takes this long on its worker.
BLOCK_SECONDS = 2.0


def measure(repeats: int, *, quick: bool = False) -> Iterator[Finding]:
    for name, trials in TRIALS.items():
        count = trials // 20 if quick else trials
        runs = _pairs(name, SWEEPS[name], count, repeats)
        rates = {place: median(run.rate for run in found) for place, found in runs.items()}
        yield Finding(f"{name}, {count:,} trials, through Dask", rates["dask"], "trials/s")
        share = rates["dask"] / rates["here"]
        yield Finding(f"{name}, through Dask / in the local pool", share, "×", at_least=SHARE_OF_LOCAL[name])
    pruned = PRUNED.replace("updates = 1000000", "updates = 100000") if quick else PRUNED
    runs = _pairs("pruned digits", pruned, PRUNED_TRIALS, repeats)
    walls = {place: median(run.wall for run in found) for place, found in runs.items()}
    yield Finding("median-pruned digits, through Dask", walls["dask"], "s")
    taken = walls["dask"] / walls["here"]
    yield Finding("median-pruned digits, through Dask / in the local pool", taken, "×", at_most=PRUNED_TIME_OF_LOCAL)
    for name, (size, blocks) in {"linear": (2000, 20), "digits": (100, 20)}.items():
        costs = [driver_cost(name, size, 2 if quick else blocks) for _ in range(repeats)]
        seconds, sent, returned = (median(column) for column in zip(*costs, strict=True))
        yield Finding(f"driver, a block of {size} {name} trials", 1e3 * seconds, "ms")
        yield Finding(f"driver, a block of {size} {name} trials, sent and returned", (sent + returned) / 1e3, "kB")
        yield Finding(f"{name}: workers that one driver can feed, blocks of {BLOCK_SECONDS:g} s", BLOCK_SECONDS / seconds, "")


def _pairs(name: str, sweep: str, trials: int, repeats: int) -> dict[str, list[Search]]:
    """Search with the local pool and through Dask by turns."""
    runs: dict[str, list[Search]] = {"here": [], "dask": []}
    for _ in range(repeats):
        for place, found in runs.items():
            print(f"searching {name}, {trials:,} random trials, {WORKERS} workers, {place} …", file=sys.stderr)
            options = ("--workers", str(WORKERS)) if place == "here" else ("--on", "dask", "--jobs", str(WORKERS))
            found.append(search(sweep, trials, options=options))
    return runs


class _Returning:
    """A transport that returns each block at once, with results that have been computed before."""

    slots, block_seconds, answers, where = 1, BLOCK_SECONDS, True, "here"

    def __init__(self, results: dict[int, bytes]) -> None:
        self.results, self.blocks = results, deque()
        self.sent = self.returned = 0

    def open(self) -> None: ...
    def close(self) -> None: ...

    def can_run(self, seconds: float) -> bool:
        return True

    def submit(self, block: Block, seconds: float = 0.0) -> None:
        message = pickle.dumps(block)
        self.sent += len(message)
        self.blocks.append(block)

    def events(self, timeout: float) -> list[BlockEnded]:
        block = self.blocks.popleft()
        self.returned += sum(len(self.results[task.trial]) for task in block.tasks)
        return [BlockEnded(block.number, Returned([pickle.loads(self.results[task.trial]) for task in block.tasks]))]


def driver_cost(name: str, size: int, blocks: int) -> tuple[float, float, float]:
    """Return the seconds of the driver for a block of so many trials, and the bytes that are sent and returned."""
    total = size * blocks
    sweep = parse(SWEEPS[name], [f"search.trials={total}"])
    prepared = prepare(sweep)
    sample = min(total, 200)
    tasks: list = []
    teller = AskAndTell(prepared, None, None, None, 0.0, None, Stop())
    asked = ((number, prepared.advisor.ask(number)) for number in range(sample))
    tasks.extend(islice(teller._tasks(asked), sample))
    results = [run(prepared.context, task) for task in tasks]
    pickled = {number: pickle.dumps(replace(results[number % sample], trial=number)) for number in range(total)}
    transport = _Returning(pickled)
    pool = RemotePool(transport, print)
    pool._seconds = BLOCK_SECONDS / size
    pool._took = lambda event: None  # the pace stays
    with (
        TemporaryDirectory(prefix="sweepgd-bench-") as folder,
        closing(Store.open(Path(folder, "out"), to_toml(prepared.sweep), lambda: None)) as store,
    ):
        reporting = ResultCommitter(store, NoProgress(), Stop())
        begun = perf_counter()
        AskAndTell(prepared, store, pool, reporting, float("inf"), None, Stop()).run()
        seconds = perf_counter() - begun
    return seconds / blocks, transport.sent / blocks, transport.returned / blocks
