"""The handle of a helper process, for the worker that started the process."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from signal import Signals
from socket import SHUT_RDWR, socketpair
from threading import Lock
from typing import Any

from sweepgd.execution.fork_server import without_interrupts
from sweepgd.execution.helper_process import Start
from sweepgd.execution.messages import Block, HelperLost, Refused, Returned, RungReport

# The time in seconds that a closed helper has to end the processes that it started.
END_SECONDS = 1.0


class Helper:
    """Runs blocks one after another in a separate process. Other threads may call `send` and `close`."""

    def __init__(self, start: Start) -> None:
        self._socket, theirs = socketpair()
        self._connection = Connection(os.dup(self._socket.fileno()))
        self._sending = Lock()
        with theirs, without_interrupts():
            # -P: a file in the working directory must not shadow a module.
            command = [sys.executable, "-P", "-m", "sweepgd.execution.helper_process", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        self.send(start)

    def send(self, message: Any) -> None:
        """Send a message to the process. If the process has ended, the message is dropped, and `run` notices the end."""
        with self._sending, suppress(OSError):
            self._connection.send(message)

    def run(self, block: Block, report: Callable[[RungReport], None] | None) -> Returned | Refused | HelperLost:
        """Run a block, and pass its rung reports to `report`. The driver answers the reports."""
        self.send(block)
        try:
            while isinstance(message := self._connection.recv(), RungReport):
                if report is not None:
                    report(message)
        except (EOFError, OSError):
            code = self.end()
            return HelperLost(f"by signal {Signals(-code).name}" if code < 0 else f"with exit code {code}")
        if isinstance(message, Refused):
            self.end()
        return message

    def close(self) -> None:
        """Make the process end. A running call of `run` then ends too."""
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)

    def end(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        self.close()
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._connection.close()
            self._socket.close()
