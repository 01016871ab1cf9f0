"""Names that a module offers from other modules. A module is imported when a name from this module is first used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_exports(module: str, sources: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` (PEP 562) for a module that offers names of other modules. `sources` maps each of
    these other modules to the offered names.
    """
    source_of = {name: source for source, names in sources.items() for name in names}

    def get(name: str) -> Any:
        if name in source_of:
            return getattr(import_module(source_of[name]), name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get, lambda: sorted(source_of)
