"""Start worker processes by forking a server that has already imported all modules and loaded all kernels."""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, popen_forkserver, resource_tracker, util
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import gettempdir
from time import sleep
from types import ModuleType
from typing import Any

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.interrupts import SIGNALS
from sweepgd.execution import scratch_folder

# A forked child may hang if another thread holds a lock during the fork. The fork server has only idle threads of Arrow and
# BLAS, and BLAS stops its threads around a fork. A fork starts a worker in a tenth of the time of a spawn.
context: Any = multiprocessing.get_context("forkserver")
PRELOADED = ["sweepgd.execution.preload"]

RETRY_SECONDS = 0.1
STARTS = 5  # attempts to start a process
PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class _Popen(popen_forkserver.Popen):
    """The parent's handle of a forked process.

    The exit code is -SIGKILL if the fork server has ended, because the server's end kills its processes by SIGKILL
    (`_end_with_parent`). In this case, `multiprocessing` would report 255, which a process may also choose as its exit code.
    """

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """Return the exit code, or None if the process is running. If `flag` lacks WNOHANG, wait for the process to end."""
        if self.returncode is None and wait([self.sentinel], 0 if flag == os.WNOHANG else None):
            try:
                self.returncode = forkserver.read_signed(self.sentinel)
            except (OSError, EOFError):  # the fork server ended before it sent an exit code
                self.returncode = -signal.SIGKILL
        return self.returncode


class _Process(ForkServerProcess):
    """A forked process that has a special exit code if its fork server ended."""

    _Popen = staticmethod(_Popen)


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_ready() -> None:
    """Start the fork server if it is not running, without waiting until it is ready.

    Call this function before slow imports, so that the server starts during the imports. Raises SweepgdError if the server's
    socket cannot be created in the temporary folder, for example because the path of the socket is longer than 107 bytes.
    """
    context.set_forkserver_preload(PRELOADED)
    try:
        _mark_folder(util.get_temp_dir())
        resource_tracker.ensure_running()  # otherwise the fork server would start the tracker, which unblocks interrupts
        with without_interrupts():
            forkserver.ensure_running()
    except OSError as error:
        raise SweepgdError(
            f"cannot start workers from {gettempdir()}: {error.strerror or error}; set TMPDIR to a folder with a short path"
        ) from error


@cache
def _mark_folder(folder: str) -> None:
    """Mark the folder of the fork server's socket, so that it is removed even if this process is killed."""
    scratch_folder.mark(Path(folder))


def start(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Start a process that runs `target` and ends when this process ends. Raises SweepgdError if the start fails."""
    for _ in range(STARTS):
        get_ready()
        process = _Process(target=_run, args=(target, *arguments), daemon=True)
        try:
            with _without_main(), _known_start_method(), without_interrupts():
                process.start()
            return process
        except (OSError, EOFError) as error:  # for example if the fork server is killed at this moment
            last_error = error
            sleep(RETRY_SECONDS)  # a killed fork server refuses connections before the system lists it as ended
    raise SweepgdError(f"cannot start a worker process: {reason(last_error)}; use fewer --workers, or try again")


def start_without_jit(target: Callable[..., None], *arguments: Any) -> SpawnProcess:
    """Start a new Python process that runs `target` with JIT off. The process ends when this process ends."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(target, *arguments), daemon=True)
    before = os.environ.get("NUMBA_DISABLE_JIT")
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # the new process reads this variable when it imports Numba
    try:
        with _without_main(), without_interrupts():
            process.start()
    finally:
        if before is None:
            del os.environ["NUMBA_DISABLE_JIT"]
        else:
            os.environ["NUMBA_DISABLE_JIT"] = before
    return process


def _run(target: Callable[..., None], *arguments: Any) -> None:
    _end_with_parent()
    target(*arguments)


def _end_with_parent() -> None:
    """Make the system end this process when the parent process ends, even if the parent is killed or this process runs a
    kernel.

    The end of the parent closes a pipe. The system then sends SIGIO to this process, and SIGIO ends a process by default. A
    stopped process (SIGSTOP) is ended only by SIGKILL, which the system sends when the fork server ends. The server ends once
    the parent has ended and no child keeps a pipe to the server open. Without the server, no process could read this process'
    exit code. Works on Linux only.
    """
    parent = multiprocessing.parent_process()
    if sys.platform != "linux" or parent is None:
        return
    if os.getppid() != parent.pid:  # for another parent process, the end of a mere thread of the parent would send the signal
        server: Any = getattr(forkserver, "_forkserver", None)
        if (pipe := getattr(server, "_forkserver_alive_fd", None)) is not None:
            os.close(pipe)
            server._forkserver_alive_fd = None
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if not parent.is_alive():  # the parent ended before the signal was set up
        os._exit(1)


def was_killed(process: BaseProcess) -> bool:
    """Return True if an ended process was killed from outside (SIGKILL), either alone or together with the fork server."""
    return process.exitcode == -signal.SIGKILL


def ending(process: BaseProcess) -> str:
    """Return a description of how a process ended, such as "by signal SIGSEGV" or "with exit code 3"."""
    code = process.exitcode
    return f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the user's script within the context. Otherwise a starting process would run the script again, up to the call of
    `search`.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _known_start_method() -> Iterator[None]:
    """Within the context, replace a default start method that new processes would not know, such as joblib's."""
    before = multiprocessing.get_start_method(allow_none=True)
    if before is None or before in multiprocessing.get_all_start_methods():
        yield
        return
    multiprocessing.set_start_method("forkserver", force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Block Ctrl-C and SIGTERM while a process is started. The new process inherits the blocked signals, so that only its
    parent can end the process.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
