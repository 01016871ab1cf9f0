"""Tasks that kill their worker or never end."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace


@dataclass(frozen=True)
class Task:
    """A task whose traces are in a file."""

    path: Path
    attempt: int = 1


def killed_at_start(*_) -> None:
    """Ends a worker as if killed from outside before it begins."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(context, task: Task, report, keep) -> None:
    """Ends its worker as if killed from outside, and leaves a letter for each time in the task's file."""
    with task.path.open("a") as file:
        file.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def exits(context, code: int, report, keep) -> None:
    """Ends its worker by itself, with the exit code `code`."""
    os._exit(code)


def waits_for_gate(context, task: Task, report, keep) -> SimpleNamespace:
    """Makes the task's file, and ends when `open` is beside it."""
    task.path.touch()
    while not task.path.with_name("open").exists():
        time.sleep(0.01)
    time.sleep(0.2)  # in which the worker's other thread reads what came before the gate was opened
    return SimpleNamespace(task=task, seconds=1.0)
