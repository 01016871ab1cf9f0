"""The code of a worker on another machine. The worker keeps the studies that it has received, and runs blocks in helper
processes.

Dask or another executor calls these functions, sometimes in several threads. Each running call of `run_block` has a helper
process for itself. The call takes an idle helper process or starts a new process, and later calls use this process again.
"""

import platform
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep

from sweepgd.core.errors import reason
from sweepgd.core.memory_limit import memory_per_worker
from sweepgd.execution.fork_server import cores
from sweepgd.execution.helper import Helper
from sweepgd.execution.helper_process import Start
from sweepgd.execution.messages import Answer, Block, HelperLost, Refused, Returned, RungReport, Study, StudyMissing, Withdraw
from sweepgd.execution.requirements import differences
from sweepgd.execution.scratch_folder import scratch_folder

BlockOutcome = Returned | Refused | HelperLost | StudyMissing
Report = Callable[[RungReport], None]
Wanted = Callable[[], bool]

# A study that receives no new block for this many seconds ends on this worker, because its driver may have been killed.
IDLE_SECONDS = 60.0

_studies: dict[str, "_ReceivedStudy"] = {}
# The last studies that their drivers ended. A late block of an ended study must not create the study again.
_ended: deque[str] = deque(maxlen=1000)
_lock = Lock()


def run_block(
    study_id: str,
    block: Block,
    study: Study | None = None,
    memory: int | None = None,
    report: Report | None = None,
    wanted: Wanted = lambda: True,
) -> BlockOutcome:
    """Run a block of a study. Only the first call for a study needs `study`.

    `memory` is the limit of a trial in bytes, by default the machine's memory divided by its cores. `report` sends a trial's
    mean at a rung to the driver, which responds by calling `answer`. A block ends soon after `wanted` returns False, even if a
    trial is waiting for the driver's response.
    """
    if not wanted():
        return Returned(not_begun=list(block.tasks))
    with _lock:
        if study_id in _ended:
            return Returned(not_begun=list(block.tasks))
        received = _studies.get(study_id)
        if received is None:
            if study is None:
                return StudyMissing()
            if (difference := differences(study.requirements)) is not None:
                return Refused(difference)
            try:
                received = _studies[study_id] = _ReceivedStudy(study, memory_per_worker(cores()) if memory is None else memory)
            except OSError as error:
                where = f"machine {platform.node()} cannot write the data of the study"
                return Refused(f"{where}: {reason(error)}; set TMPDIR to a larger disk there")
    return received.run(block, report, wanted)


def answer(study_id: str, block: int, prune: bool) -> None:
    """Pass the driver's decision to the trial of a block that waits at a rung."""
    if (received := _studies.get(study_id)) is not None:
        received.answer(block, prune)


def withdraw(study_id: str, drain: bool) -> None:
    """Let the running blocks of a study begin no further task. Blocks that arrive later begin no task at all."""
    if (received := _studies.get(study_id)) is not None:
        received.withdraw(drain)


def end(study_id: str) -> None:
    """End the helper processes of a study, and remove its files. Blocks that arrive later are not begun."""
    with _lock:
        _ended.append(study_id)
    _remove(study_id)


def _remove(study_id: str) -> None:
    with _lock:
        received = _studies.pop(study_id, None)
    if received is not None:
        received.end()


class _ReceivedStudy:
    """A study in this process, with its files and its helpers. The study ends by itself if its driver has ended."""

    def __init__(self, study: Study, memory: int | None) -> None:
        self._id, self._files = study.id, ExitStack()
        folder = self._files.enter_context(scratch_folder())
        self._start = Start(
            study.sweep,
            study.run,
            study.optimizers,
            _written(folder / "data", study.data) if study.data else None,
            tuple(_written(folder / "plugins", study.plugins) / name for name in study.plugins),
            study.trial_timeout,
            study.ahead,
            memory,
        )
        self._lock = Lock()
        self._idle: list[Helper] = []
        self._running: dict[int, tuple[Helper, Wanted]] = {}
        self._withdrawn = False
        self._used = monotonic()
        Thread(target=self._watch, daemon=True).start()

    def run(self, block: Block, report: Report | None, wanted: Wanted) -> BlockOutcome:
        with self._lock:
            if self._withdrawn:
                return Returned(not_begun=list(block.tasks))
            helper = self._idle.pop() if self._idle else Helper(self._start)
            self._running[block.number] = helper, wanted
        try:
            outcome = helper.run(block, report)
        except BaseException:  # a Ctrl-C in the terminal also reaches the processes of an executor
            with self._lock:
                del self._running[block.number]
            helper.close()
            raise
        with self._lock:
            del self._running[block.number]
            self._used = monotonic()
            if isinstance(outcome, Returned):
                self._idle.append(helper)
            if self._withdrawn:
                self._end_idle()
        return outcome

    def answer(self, block: int, prune: bool) -> None:
        if (running := self._running.get(block)) is not None:
            running[0].send(Answer(prune))

    def withdraw(self, drain: bool) -> None:
        with self._lock:
            self._withdrawn = True
            for helper, _ in self._running.values():
                helper.send(Withdraw(drain))

    def end(self) -> None:
        with self._lock:
            self._withdrawn = True
            for helper, _ in self._running.values():
                helper.close()
            self._end_idle()
        self._files.close()

    def _end_idle(self) -> None:
        while self._idle:
            Thread(target=self._idle.pop().end, daemon=True).start()

    def _watch(self) -> None:
        """End unwanted blocks, and end the study once it has been idle for IDLE_SECONDS."""
        while self._running or monotonic() < self._used + IDLE_SECONDS:
            sleep(IDLE_SECONDS / 4)
            with self._lock:
                for helper, wanted in self._running.values():
                    if not wanted():
                        helper.close()
        _remove(self._id)


def _written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder, by their paths within the folder, and return the folder."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
