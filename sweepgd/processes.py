"""How worker processes start: forked from a server that has already imported and loaded what each of them needs."""

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
from types import ModuleType
from typing import Any

from sweepgd import scratch
from sweepgd.interrupts import SIGNALS
from sweepgd.problem import Problem, reason

# A forked child of a process with threads may hang on what one of them held. The fork server has only idle ones, of BLAS, which
# stops them around a fork, and of Arrow; a worker starts in a tenth of spawn's time.
context: Any = multiprocessing.get_context("forkserver")
PRELOADED = ["sweepgd.preload"]

STARTS = 3  # attempts to start a process
PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class _Popen(popen_forkserver.Popen):
    """The parent's view of a forked process. `multiprocessing` gives one whose fork server is gone the exit code 255.

    A process may end with 255 by itself. Without its fork server it has been killed by SIGKILL (`_end_with_parent`), which is
    what this one says.
    """

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """Return the exit code, or None where the process still runs; without WNOHANG wait for its end."""
        if self.returncode is None and wait([self.sentinel], 0 if flag == os.WNOHANG else None):
            try:
                self.returncode = forkserver.read_signed(self.sentinel)
            except (OSError, EOFError):  # the end of the fork server closed its pipe before an exit code came
                self.returncode = -signal.SIGKILL
        return self.returncode


class _Process(ForkServerProcess):
    """A forked process that knows exit code 255 from the end of its fork server."""

    _Popen = staticmethod(_Popen)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_ready() -> None:
    """Starts the fork server, if it does not run yet, without waiting until it is ready.

    Called before this process imports what it needs itself, so that both are done at the same time, on two cores. Raises
    Problem where the temporary folder cannot hold its socket, whose path may have 107 bytes.
    """
    context.set_forkserver_preload(PRELOADED)
    try:
        _mark_folder(util.get_temp_dir())
        resource_tracker.ensure_running()  # which the next call else does itself, and lets interrupts through again
        with without_interrupts():
            forkserver.ensure_running()
    except OSError as error:
        raise Problem(
            f"cannot start workers from {gettempdir()}: {error.strerror or error}; set TMPDIR to a folder with a short path"
        ) from error


@cache
def _mark_folder(folder: str) -> None:
    """Mark the folder of the fork server's socket, which is removed at exit, but not where this process is killed."""
    scratch.mark(Path(folder))


def start(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """A process that runs `target`, and ends with this one. Raises Problem where the system starts none."""
    for _ in range(STARTS):
        get_ready()
        process = _Process(target=_run, args=(target, *arguments), daemon=True)
        try:
            with _without_main(), without_interrupts():
                process.start()
            return process
        except (OSError, EOFError) as error:  # as where the fork server is killed at this very moment
            refused = error
    raise Problem(f"cannot start a worker process: {reason(refused)}; give fewer --workers, or try again")


def start_without_jit(target: Callable[..., None], *arguments: Any) -> SpawnProcess:
    """A Python process of its own, in which kernels stay plain functions, that runs `target`, and ends with this one."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(target, *arguments), daemon=True)
    before = os.environ.get("NUMBA_DISABLE_JIT")
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # read when Numba is imported there
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
    """Lets the system end this process when the one that asked for it is gone, be it killed and this one deep in a kernel.

    The other end of a pipe is then closed, of which the system tells by SIGIO, whose default is to end the process. That does
    not end a stopped process (SIGSTOP), but SIGKILL does, which comes at the end of the fork server: it ends with the process
    that asked for this one, once none of its children holds a pipe open for it. And without it nobody would know how this
    process ended. Linux only.
    """
    parent = multiprocessing.parent_process()
    if sys.platform != "linux" or parent is None:
        return
    if os.getppid() != parent.pid:  # the fork server's child: of another parent it would be the end of the thread that counts
        server: Any = getattr(forkserver, "_forkserver", None)
        if (held := getattr(server, "_forkserver_alive_fd", None)) is not None:
            os.close(held)
            server._forkserver_alive_fd = None
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if not parent.is_alive():  # it ended before
        os._exit(1)


def was_killed(process: BaseProcess) -> bool:
    """Whether a process that has ended was killed from outside, as far as is known: alone, or with the fork server."""
    return process.exitcode == -signal.SIGKILL


def ending(process: BaseProcess) -> str:
    """How a process that has ended did so: "by signal SIGSEGV", "with exit code 3"."""
    code = process.exitcode
    return f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"


@contextmanager
def _without_main() -> Iterator[None]:
    """Hides the caller's script, which a starting process would run again, up to its own call of `search`."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Lets no Ctrl-C or SIGTERM reach a starting process, nor later, as it inherits the mask: its parent decides on its end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
