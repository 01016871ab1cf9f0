"""Simulated faults: disks that fail, processes that die at a change on the disk, and damaged files."""

import errno
import io
import os
from pathlib import Path

SHORT = "short"


class Raw(io.FileIO):
    """A file whose writes are counted by a `Disk`."""

    disk = None

    def write(self, data):
        if self.disk.fails(self.name):
            # A short write is not an error: the next call writes the rest, and fails.
            self.disk.failing = self.disk.kind == SHORT
            half = memoryview(data)[: len(data) // 2]
            if self.disk.kind != SHORT or not len(half):
                raise self.disk.error()
            return super().write(half)
        return super().write(data)


class Disk:
    """A disk whose change number `last` fails once; with SHORT, a write is cut short before it fails."""

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
        patch.setattr(os, "fsync", self._counted(lambda descriptor: None))  # a simulated fault cannot show a missing fsync

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
    """Raised in place of the death of the process."""


class Dying:
    """A process that dies at change number `last` on the disk, and at every later one."""

    def __init__(self, last, patch):
        self.left = last
        for holder, name in [(os, "replace"), (Path, "rename"), (os, "unlink"), (Path, "mkdir"), (Path, "rmdir")]:
            patch.setattr(holder, name, self._counted(getattr(holder, name)))
        patch.setattr(os, "fsync", self._counted(lambda descriptor: None))  # a simulated fault cannot show a missing fsync

    def _counted(self, call):
        def counted(*arguments, **named):
            self.left -= 1
            if self.left < 0:
                raise Crash
            return call(*arguments, **named)

        return counted


def truncated(data):
    return data[: len(data) // 2]


def empty(data):
    return b""


def flipped(at):
    def damage(data):
        return data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :]

    return damage


DAMAGE = {
    "truncated": truncated,
    "empty": empty,
    "header": flipped(0),
    "page": flipped(60),
    "footer": flipped(-300),
    "end": flipped(-6),
}


def damage(path, how):
    path.write_bytes(DAMAGE[how](path.read_bytes()))
