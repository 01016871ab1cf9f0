"""The plugins to check, given as a name, a distribution, a single file or an object."""

import pickle
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from pkgutil import resolve_name
from shlex import quote
from typing import Any, NamedTuple

from sweepgd.core.errors import UsageError, nearest
from sweepgd.plugins import registry, single_file

KINDS = tuple(registry.CONTRACTS)


class Subject(NamedTuple):
    """A plugin with its kind and name. The plugin is installed, defined by a file, or a pickled object."""

    kind: str
    name: str
    file: Path | None = None
    pickled: bytes | None = None

    @property
    def origin(self) -> str:
        """The kind and name of the plugin with its file or distribution."""
        if self.file is not None:
            return f"{self.kind[:-1]} {self.name!r} of {self.file}"
        return registry.origin(self.kind, self.name)

    def load(self) -> Any:
        """Return the plugin. If the plugin does not load, raises SweepgdError or the exception of the plugin's code."""
        if self.pickled is not None:
            return pickle.loads(self.pickled)
        if self.file is not None:
            single_file.register([self.file])
        return registry.get(self.kind, self.name)


def subject_of(plugin: Any) -> Subject:
    """Return the Subject of a plugin, which is an object or a name. If an object cannot be pickled, the error of pickle is
    raised.
    """
    if isinstance(plugin, Subject):
        return plugin
    if isinstance(plugin, str):
        found = plugins_of(plugin)
        if len(found) > 1:
            raise UsageError(
                f"{plugin!r} is the name of {len(found)} plugins: give one of sweepgd.testing.plugins_of({plugin!r})"
            )
        return found[0]
    kind = next((kind for kind in KINDS if isinstance(plugin, resolve_name(registry.CONTRACTS[kind]))), "optimizers")
    return Subject(kind, str(getattr(plugin, "name", "")), pickled=pickle.dumps(plugin))


def is_file(name: str) -> bool:
    """Return True if a name on the command line is a file."""
    return (name.endswith(".py") or "/" in name) and not Path(name).is_dir()


def plugins_of(name: str) -> list[Subject]:
    """Return the plugins of any kind that are called `name`. If no plugin is called `name`, return all plugins of the
    distribution `name`.

    Raises UsageError if there is no such plugin or distribution.
    """
    found = [Subject(kind, name) for kind in KINDS if name in registry.names(kind)]
    if found:
        return found
    known = [each for kind in KINDS for each in registry.names(kind)]
    try:
        points = distribution(name).entry_points
    except (PackageNotFoundError, ValueError):
        advice = nearest(name, known)
        if (folder := Path(name)).is_dir():
            where = quote(str(folder if folder.is_absolute() else f"./{folder}"))
            advice = f"install the package in this folder first (uv pip install -e {where}), and give its name"
        raise UsageError(f"no plugin, distribution or file called {name!r} is known: {advice}") from None
    offered = [Subject(kind, each) for kind in KINDS for each in sorted(points.select(group=f"sweepgd.{kind}").names)]
    if not offered:
        groups = ", ".join(f"sweepgd.{kind}" for kind in KINDS)
        raise UsageError(f"the distribution {name!r} offers no plugin: it has no entry point of {groups}")
    return offered


def names_in(file: Path) -> list[tuple[str, str]]:
    """Return the kind and name of each plugin that a file defines. Raises SweepgdError if the file does not run or defines no
    plugin.
    """
    single_file.register([file])
    return registry.defined_by(file.resolve())
