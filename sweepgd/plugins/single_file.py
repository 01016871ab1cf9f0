"""Plugins in a single file without a package. All processes of one command can use these plugins."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType
from typing import Any

from sweepgd.core.errors import SweepgdError, UsageError, reason
from sweepgd.plugins import registry
from sweepgd.plugins.containment import contained

_digests: dict[str, str] = {}
"""The SHA-256 of each registered file, by file name."""


def register(files: Iterable[Path]) -> None:
    """Register every Optimizer, Model, Layer, Dataset and Schedule that these files define.

    Raises SweepgdError if a file cannot be read, does not run or defines no plugin, or if a name is not text or is already
    used.
    """
    for file in files:
        _register(file)


@contextmanager
def registered(files: Iterable[Path]) -> Iterator[None]:
    """Register the plugins of these files within the context."""
    try:
        register(files)
        yield
    finally:
        registry.withdraw_files()
        _digests.clear()


def digests(recorded: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of the registered files by name. Raises SweepgdError if a `recorded` file is absent or has changed."""
    for name, digest in recorded.items():
        if name not in _digests:
            raise UsageError(f"the sweep was run with a plugin file {name}: give it with --plugin")
        if _digests[name] != digest:
            raise SweepgdError(
                f"{name} has changed since the sweep was run: remove its line from [plugins] to run the sweep with the new file"
            )
    return dict(_digests)


def _register(file: Path) -> None:
    try:
        file = file.resolve()
        source = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no plugin file {str(file)!r}") from None
    except OSError as error:
        raise SweepgdError(f"cannot read the plugin file {file}: {error.strerror}") from error
    if file.name in _digests:
        raise UsageError(f"two plugin files are called {file.name}: rename one of them, or give it only once")
    module = _run(file, source)
    points = list(_points(module))
    if not points:
        raise UsageError(f"{file} defines no Optimizer, Model, Layer, Dataset or Schedule: define one at the top level")
    for kind, point in points:
        registry.offer(kind, point, file)
    _digests[file.name] = hashlib.sha256(source).hexdigest()


def _run(file: Path, source: bytes) -> ModuleType:
    """Return the file as a module. Numba can import the module by its name when it loads a cached kernel."""
    name = f"_one_off_{hashlib.sha256(bytes(file) + source).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    try:
        with contained():
            exec(compile(source, str(file), "exec"), module.__dict__)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise SweepgdError(f"the plugin file {file} does not run: {reason(error)}") from error
    return module


def _points(module: ModuleType) -> Iterator[tuple[str, EntryPoint]]:
    """Yield the kind and an entry point of each plugin that the module defines. Plugins that the module only imports are left
    out.
    """
    contracts = {kind: resolve_name(contract) for kind, contract in registry.CONTRACTS.items()}
    seen: list[Any] = []
    for attribute, thing in vars(module).items():
        for kind, contract in contracts.items():
            if not isinstance(thing, contract) or any(thing is other for other in seen):
                continue
            if not isinstance(thing.name, str):
                raise SweepgdError(f"{attribute} of the plugin file {module.__file__} has the name {thing.name!r}: give a text")
            if not _is_installed(kind, thing):
                seen.append(thing)
                yield kind, EntryPoint(thing.name, f"{module.__name__}:{attribute}", f"sweepgd.{kind}")


def _is_installed(kind: str, thing: Any) -> bool:
    try:
        return registry.get(kind, thing.name) is thing
    except SweepgdError:
        return False
