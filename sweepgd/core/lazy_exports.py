"""Names that a module offers from other modules. Such a module is imported when the name is first used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_exports(module: str, sources: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a module that offers these names (PEP 562). Each name maps to the module that
    defines it.
    """
    source_of = {name: source for source, names in sources.items() for name in names}

    def get(name: str) -> Any:
        if name in source_of:
            return getattr(import_module(source_of[name]), name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get, lambda: sorted(source_of)
