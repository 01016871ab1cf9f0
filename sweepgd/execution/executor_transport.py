"""Send blocks to the workers of any `concurrent.futures.Executor`, such as processes, MPI ranks, Parsl, loky, or Ray (through
an adapter).

Such an executor reports nothing before a block has ended. Therefore blocks are short, and workers themselves decide about
pruning. A worker without the study returns `StudyMissing` for a block. The block is then sent again with the study.
"""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import sleep

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.execution import helpers
from sweepgd.execution.fork_server import cores
from sweepgd.execution.helpers import BlockOutcome, run_block
from sweepgd.execution.messages import Block, Returned, Study, StudyMissing
from sweepgd.execution.requirements import differences
from sweepgd.execution.transport import BlockEnded, BlockLost, TransportEvent

# After this many blocks in a row that end with an exception, the executor counts as unable to run trials.
MOST_FAILURES = 10
# The seconds for which a call to end a study occupies a worker, so that each worker takes one of these calls.
END_SECONDS = 0.05
# The time in seconds that the workers have to end the study.
CLOSE_SECONDS = 1.0


def end_on_worker(study_id: str, number: int) -> None:
    """End a study in a worker. The unused `number` makes the calls differ, because some executors run equal calls only once."""
    helpers.end(study_id)
    sleep(END_SECONDS)


class ExecutorTransport:
    """Sends the blocks of one study to workers through the caller's executor. The executor is not shut down."""

    block_seconds = 1.0
    answers = False

    def __init__(self, executor: Executor, study: Study, note: Callable[[str], None], slots: int | None = None) -> None:
        self._executor, self._study, self._note = executor, study, note
        self.where: str = type(executor).__name__
        # MPIPoolExecutor has num_workers. The pools of the standard library, loky and Parsl have _max_workers.
        known = getattr(executor, "num_workers", None) or getattr(executor, "_max_workers", None)
        self.slots = slots or known or cores()
        self._ended: SimpleQueue[tuple[int, Future[BlockOutcome]]] = SimpleQueue()
        self._sent: dict[int, tuple[Block, Future[BlockOutcome]]] = {}
        self._withdrawn = False
        self._blocks = 0
        """The number of blocks that have been sent."""
        self._failures = 0
        """The number of blocks that ended with an exception since a block last ended normally."""
        self._finished = False
        """True once a block has brought results."""

    def open(self) -> None:
        """Check one worker before the first trial. Every worker checks itself before its first block."""
        try:
            difference = self._executor.submit(differences, self._study.requirements).result()
        except Exception as error:
            raise self._gone(error) from error
        if difference is not None:
            raise SweepgdError(f"a worker of the executor: {difference}")

    def can_run(self, seconds: float) -> bool:
        return True

    def submit(self, block: Block, seconds: float = 0.0) -> None:
        self._blocks += 1
        self._submit(block, None)

    def _submit(self, block: Block, study: Study | None) -> None:
        try:
            future = self._executor.submit(run_block, self._study.id, block, study)
        except RuntimeError as error:  # BrokenExecutor is a RuntimeError
            raise self._gone(error) from error
        self._sent[block.number] = block, future
        future.add_done_callback(lambda done: self._ended.put((block.number, done)))

    def events(self, timeout: float) -> list[TransportEvent]:
        happened: list[TransportEvent] = []
        with suppress(Empty):
            happened += self._event(*self._ended.get(timeout=timeout))
            while True:
                happened += self._event(*self._ended.get_nowait())
        return happened

    def _event(self, number: int, done: Future[BlockOutcome]) -> list[TransportEvent]:
        block, _ = self._sent.pop(number)
        try:
            outcome = done.result()
        except CancelledError:
            return [BlockLost(number, blameless=True)]
        except BrokenExecutor as error:
            raise self._gone(error) from error
        except Exception as error:  # such as the loss of an actor of Ray
            self._failures += 1
            if self._failures == MOST_FAILURES:
                raise self._gone(error) from error
            return [BlockLost(number, blameless=False, why=f"its worker was lost ({reason(error)})")]
        self._failures = 0
        if isinstance(outcome, StudyMissing):
            if not self._withdrawn:
                self._submit(block, self._study)
                return []
            return [BlockLost(number, blameless=True)]
        self._finished |= isinstance(outcome, Returned) and bool(outcome.events)
        return [BlockEnded(number, outcome)]

    def answer(self, block: int, prune: bool) -> None:
        raise AssertionError("a trial that runs on an executor never waits for a decision of the driver")

    def withdraw(self, drain: bool) -> None:
        """Cancel the blocks that have not begun. A running block can only be reached if it runs in a thread of this process."""
        self._withdrawn = True
        helpers.withdraw(self._study.id, drain)
        for _, future in list(self._sent.values()):
            future.cancel()

    def close(self) -> None:
        """Abandon the running blocks, and end the study on each worker as soon as the worker's block has ended."""
        self.withdraw(drain=True)
        helpers.end(self._study.id)
        running = sum(not future.done() for _, future in self._sent.values())
        if running:
            count = "1 block is" if running == 1 else f"{running} blocks are"
            self._note(
                f"{count} still running in the executor and will end within about a second; the results are not recorded"
            )
        with suppress(Exception):  # the executor may be broken or shut down
            workers = min(self.slots, self._blocks)
            ends = [self._executor.submit(end_on_worker, self._study.id, number) for number in range(workers)]
            if not running:
                wait(ends, CLOSE_SECONDS)

    def _gone(self, error: BaseException) -> SweepgdError:
        broken = "is broken" if isinstance(error, BrokenExecutor) else "cannot run trials"
        advice = "finished trials are recorded; continue with another executor" if self._finished else "give another executor"
        return SweepgdError(f"the executor {broken} ({reason(error)}): {advice}")
