"""Send blocks with any `concurrent.futures.Executor`: processes, MPI ranks, Parsl, loky, or Ray through an adapter.

Such an executor reports nothing before a block has ended. So blocks are short, workers decide about pruning themselves, and a
worker receives the study after its first block was returned as `StudyMissing`.
"""

from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.execution.fork_server import cores
from sweepgd.execution.helpers import BlockOutcome, run_block
from sweepgd.execution.messages import Block, Study, StudyMissing
from sweepgd.execution.requirements import differences
from sweepgd.execution.transport import BlockEnded, BlockLost, TransportEvent


class ExecutorTransport:
    """Carries the blocks of one study through the caller's executor, which is not shut down."""

    block_seconds = 1.0
    answers = False

    def __init__(self, executor: Executor, study: Study, slots: int | None = None) -> None:
        self._executor, self._study = executor, study
        # MPIPoolExecutor has num_workers; the pools of the standard library, loky and Parsl have _max_workers.
        known = getattr(executor, "num_workers", None) or getattr(executor, "_max_workers", None)
        self.slots = slots or known or cores()
        self._ended: SimpleQueue[tuple[int, Future[BlockOutcome]]] = SimpleQueue()
        self._sent: dict[int, tuple[Block, Future[BlockOutcome]]] = {}
        self._withdrawn = False

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
        self._submit(block, None)

    def _submit(self, block: Block, study: Study | None) -> None:
        try:
            future = self._executor.submit(run_block, self._study.id, block, study)
        except RuntimeError as error:  # BrokenExecutor is one
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
        except Exception as error:
            raise self._gone(error) from error
        if isinstance(outcome, StudyMissing):
            if not self._withdrawn:
                self._submit(block, self._study)
                return []
            return [BlockLost(number, blameless=True)]
        return [BlockEnded(number, outcome)]

    def answer(self, block: int, prune: bool) -> None:
        raise AssertionError("no trial waits for an answer through an executor")

    def withdraw(self, drain: bool) -> None:
        """Cancel the blocks that have not begun; the others cannot be interrupted."""
        self._withdrawn = True
        for _, future in list(self._sent.values()):
            future.cancel()

    def close(self) -> None:
        """Abandon running blocks; helper processes end by themselves after IDLE_SECONDS."""
        self.withdraw(drain=True)

    def _gone(self, error: BaseException) -> SweepgdError:
        broken = "is broken" if isinstance(error, BrokenExecutor) else "cannot run trials"
        return SweepgdError(
            f"the executor {broken} ({reason(error)}): finished trials are recorded; continue with another executor"
        )
