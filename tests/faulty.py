"""Disks that fail, and processes that die, at a change of what is on the disk."""

import errno
import io
import os
from pathlib import Path

SHORT = "short"


class Raw(io.FileIO):
    """A file whose writes the disk counts."""

    disk = None

    def write(self, data):
        if self.disk.fails(self.name):
            # A short write is no error: the rest is written by the next call, which fails.
            self.disk.failing = self.disk.kind == SHORT
            half = memoryview(data)[: len(data) // 2]
            if self.disk.kind != SHORT or not len(half):
                raise self.disk.error()
            return super().write(half)
        return super().write(data)


class Disk:
    """A disk of which the `last`-th change fails, once."""

    def __init__(self, last, patch, kind):
        self.left, self.kind, self.failing, self.failed = last, kind, False, None
        opened = io.open

        def opening(file, mode="r", buffering=-1, *arguments, **named):
            if not set(mode) & set("wa+x") or not isinstance(file, str | os.PathLike):
                return opened(file, mode, buffering, *arguments, **named)
            raw = Raw(file, mode.replace("b", ""))
            raw.disk = self
            if not buffering:
                return raw
            return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

        patch.setattr(io, "open", opening)
        for name in ("replace", "rename", "unlink", "mkdir"):
            patch.setattr(os, name, self._counted(getattr(os, name)))
        patch.setattr(os, "fsync", self._counted(lambda descriptor: None))  # nothing here can tell that it is missing

    def _counted(self, call):
        def counted(*arguments, **named):
            if self.fails(arguments[0]):
                raise self.error(arguments[0])
            return call(*arguments, **named)

        return counted

    def fails(self, what):
        self.left -= 1
        if self.left == -1 or self.failing:
            self.failed = what
            return True
        return False

    def error(self, path=None):
        number = errno.ENOSPC if self.kind == SHORT else self.kind
        return OSError(number, os.strerror(number), None if isinstance(path, int) else path)


class Crash(BaseException):
    """The process dies here."""


class Dying:
    """Ends the process at its `last`-th call that changes what is on the disk, and at every one after."""

    def __init__(self, last, patch):
        self.left = last
        for holder, name in [(os, "replace"), (Path, "rename"), (os, "unlink"), (Path, "mkdir"), (Path, "rmdir")]:
            patch.setattr(holder, name, self._counted(getattr(holder, name)))
        patch.setattr(os, "fsync", self._counted(lambda descriptor: None))  # nothing here can tell that it is missing

    def _counted(self, call):
        def counted(*arguments, **named):
            self.left -= 1
            if self.left < 0:
                raise Crash
            return call(*arguments, **named)

        return counted
