"""A Dask cluster in processes of its own, started as by hand, each of which can be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from session import alive
from waiting import wait_until

pytest.importorskip("distributed", reason="distributed is not installed")

# What a process is started by, such as `("ip", "netns", "exec", NAME)`.
Launcher = tuple[str, ...]


class DaskProcess:
    """A `dask` command in a session of its own."""

    def __init__(self, *arguments: str, launcher: Launcher = (), env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*launcher, sys.executable, "-m", "dask", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=env,
        )

    @property
    def runs(self) -> bool:
        """True if it has not ended. One that has is reaped by `kill` alone: until then nothing else has its number."""
        if self.process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # something else has reaped it
            return False

    def worker_processes(self) -> list[int]:
        """The worker of a nanny: its child with the largest number is no resource tracker."""
        return sorted(each.pid for each in alive(self.process.pid) if each.parent == self.process.pid)[-1:]

    def kill(self) -> None:
        """Kill it with all the processes of its session."""
        if self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for each in alive(self.process.pid):  # those with a process group of their own
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
        self.process.wait()


class DaskCluster:
    """A scheduler and workers, one thread each. Use as a context manager; afterwards no process of it runs."""

    def __init__(
        self,
        folder: Path,
        *worker_arguments: str,
        host: str = "127.0.0.1",
        scheduler_arguments: tuple[str, ...] = (),
        launcher: Launcher = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._folder, self._worker_arguments, self._env = folder, worker_arguments, env
        self._host, self._scheduler_arguments, self._launcher = host, scheduler_arguments, launcher
        self.address = ""
        self.workers: list[DaskProcess] = []

    def __enter__(self) -> "DaskCluster":
        self.start_scheduler()
        return self

    def __exit__(self, *_: object) -> None:
        for each in [*self.workers, self.scheduler]:
            each.kill()

    def start_scheduler(self) -> None:
        """Start a scheduler, which is at another address each time."""
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        given = ("--host", self._host, "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self.scheduler = DaskProcess("scheduler", *given, *self._scheduler_arguments, launcher=self._launcher, env=self._env)

        def written() -> bool:
            assert self.scheduler.runs
            with suppress(FileNotFoundError, ValueError):
                self.address = json.loads(file.read_text())["address"]
                return True
            return False

        wait_until(written)

    def add_worker(
        self, *arguments: str, launcher: Launcher | None = None, env: Mapping[str, str] | None = None
    ) -> DaskProcess:
        """Start a worker, by default with a nanny."""
        given = ("--no-dashboard", "--nthreads", "1", "--local-directory", str(self._folder))
        worker = DaskProcess(
            "worker",
            self.address,
            *given,
            *self._worker_arguments,
            *arguments,
            launcher=launcher or self._launcher,
            env=env or self._env,
        )
        self.workers.append(worker)
        return worker
