"""The output of a process in a pseudo-terminal."""

import os


def read_all(descriptor: int) -> str:
    """Everything until the other end of a terminal is closed, which Linux tells by an error."""
    read = b""
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        try:
            while block := file.read(65536):
                read += block
        except OSError:
            pass
    return read.decode()
