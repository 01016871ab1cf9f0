"""The software that must be equal on all machines of a study, because equal results need equal code."""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from sweepgd.plugins import registry
from sweepgd.sweep import Sweep

# Versions by kind and name. The kind is a kind of plugin, or "" for software that every study needs.
Requirements = Mapping[tuple[str, str], str]

COMMON = (("", "Python"), ("", "sweepgd"), ("", "numba"), ("", "numpy"))
MISSING = "missing"


def requirements(sweep: Sweep, optimizers: Iterable[str], schedules: Iterable[str]) -> Requirements:
    """Return the versions of the software that runs a sweep. The versions of sweepgd and of plugins include a digest of their
    sources.

    Single-file plugins are left out, because the study contains their sources.
    """
    used = [("optimizers", name) for name in optimizers] + [("schedules", name) for name in schedules]
    used += [("models", sweep.model.name), ("datasets", sweep.data.name or "none")]
    foreign = sorted({plugin for plugin in used if not registry.is_own(*plugin) and not registry.is_of_file(*plugin)})
    return {wanted: _found(*wanted) for wanted in (*COMMON, *foreign)}


def differences(wanted: Requirements) -> str | None:
    """Return a line that lists where the software of this machine differs from `wanted`, or None if all versions are equal."""
    found = {key: _found(*key) for key in wanted}
    different = [
        f"{f'{kind[:-1]} {name!r}' if kind else name} is {found[kind, name]} instead of {needed}"
        for (kind, name), needed in wanted.items()
        if found[kind, name] != needed
    ]
    if not different:
        return None
    return f"machine {platform.node()} has different software ({'; '.join(different)}): install the driver's versions there"


def _found(kind: str, name: str) -> str:
    """Return the version of a package or plugin on this machine."""
    if name == "Python" and not kind:
        return ".".join(platform.python_version_tuple()[:2])
    if name == "sweepgd" and not kind:
        return _with_sources(version("sweepgd"), "sweepgd")
    if not kind:
        return version(name)
    if name not in registry.names(kind):
        return MISSING
    distribution, number = registry.distribution(kind, name)
    return _with_sources(f"{distribution} {number}", registry.module(kind, name).partition(".")[0])


@cache
def _with_sources(installed: str, package: str) -> str:
    """Return a version to which a digest is appended: the first digits of the SHA-256 of the package's Python sources."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return installed
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(origin.parent)).encode() + file.read_bytes())
    return f"{installed}, sources {digest.hexdigest()[:8]}"
