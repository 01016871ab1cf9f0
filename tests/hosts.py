"""Two hosts on one machine that share no folder: network namespaces with a link between them that can be cut."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Hosts:
    """The hosts "a" and "b", at 10.213.0.1 and 10.213.0.2."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = {host: f"sweepgd-{host}-{os.getpid()}" for host in "ab"}

    def launcher(self, host: str) -> tuple[str, ...]:
        """Return what runs a command on a host."""
        return ("ip", "netns", "exec", self._names[host])

    def environment(self, host: str) -> dict[str, str]:
        """Return the environment of a command on a host, whose folders are its own."""
        folders = {name: self._folder / host / name for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        return os.environ | {name: str(folder) for name, folder in folders.items()}

    def set_link(self, state: str) -> None:
        """Set the link "up" or "down"."""
        _ip("-n", self._names["a"], "link", "set", "link-a", state)

    def make(self) -> None:
        for name in self._names.values():
            _ip("netns", "add", name)
        first, second = self._names.values()
        _ip("link", "add", "link-a", "netns", first, "type", "veth", "peer", "link-b", "netns", second)
        for number, (host, name) in enumerate(self._names.items(), 1):
            _ip("-n", name, "address", "add", f"10.213.0.{number}/24", "dev", f"link-{host}")
            _ip("-n", name, "link", "set", f"link-{host}", "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def remove(self) -> None:
        for name in self._names.values():
            with suppress(OSError, subprocess.CalledProcessError):
                _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def two_hosts(folder: Path) -> Iterator[Hosts | None]:
    """Yield two hosts with a link that is up; None where this machine makes no network namespaces."""
    hosts = Hosts(folder)
    try:
        try:
            hosts.make()
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        yield hosts
    finally:
        hosts.remove()
