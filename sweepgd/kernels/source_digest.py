"""A digest of everything that a kernel's compiled code depends on: the kernel's code, the helpers that it calls, and values of
globals.

Numba checks only the file of the kernel. After an edit of an imported helper or constant, Numba would run outdated code
(numba#1833). After an edit of a file that is already loaded, Numba would also cache the old code as the code of the edited
file.
"""

import hashlib
from collections.abc import Callable, Iterator
from enum import Enum, EnumType
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.types import Type

PACKAGE = Path(__file__).parents[1]
COMPILED_BY_NUMBA = {"numpy", "numba"}  # Numba has its own code for the functions of these modules
PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, type, Enum, Type)


@cache
def fingerprint(function: Callable[..., Any]) -> str | None:
    """Return a digest of the loaded code of a kernel and its helpers, and of the source files of their packages.

    Return None if the kernel or a helper has no source file, because edits could then not be detected.
    """
    functions = reached(function)
    roots = {root(each) for each in functions}
    files = frozenset(file for file in roots if file is not None)
    if len(files) < len(roots):
        return None
    loaded = sorted(_parts(each)[0] for each in functions)
    return _digest(" ".join([_sources(files), *loaded]))[:16]


def reached(function: Callable[..., Any]) -> set[Any]:
    """Return a kernel with all helpers that it may call, including helpers of other distributions."""
    found: set[Any] = {function}
    queue: list[Any] = [function]
    while queue:
        new = _parts(queue.pop())[1] - found
        queue += new
        found |= new
    return found


def root(function: Callable[..., Any]) -> Path | None:
    """Return the folder of a function's top-level package, or the file of a top-level module.

    Return None if the package or module has no source file. For a function of sweepgd, return the folder of the function's own
    file, so that after an edit in another folder the kernel is not compiled again.
    """
    file = Path(function.__code__.co_filename)
    if function.__module__ is None or not file.is_file():
        return None
    depth = function.__module__.count(".") + (file.name == "__init__.py")
    if file.is_relative_to(PACKAGE):
        return file.parent
    return file.parents[depth - 1] if depth else file


@cache
def _sources(roots: frozenset[Path]) -> str:
    """Return a digest of all source files of these folders and files, and of sweepgd's kernels and layout."""
    sources = {*PACKAGE.glob("kernels/*.py"), PACKAGE / "core" / "layout.py"}
    for folder in roots:
        sources |= set(folder.rglob("*.py")) if folder.is_dir() else {folder}
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()


@cache
def _parts(function: Any) -> tuple[str, frozenset[Any]]:
    """Return a digest of one function with the values that Numba compiles into it, and the functions that it may call."""
    names = set(_names(function.__code__))
    called: set[Any] = set()
    visited: set[str] = set()

    def text(value: Any) -> str:
        if isinstance(value, Dispatcher):
            value = value.py_func
        if isinstance(value, FunctionType) and str(value.__module__).partition(".")[0] not in COMPILED_BY_NUMBA:
            called.add(value)
            return _code(value.__code__)
        if isinstance(value, ModuleType):
            if value.__name__ in visited:
                return value.__name__
            visited.add(value.__name__)
            lazy = names & set(dir(value)) - vars(value).keys()  # names that the module defines by __getattr__
            return value.__name__ + table(vars(value) | {name: getattr(value, name) for name in lazy})
        return _text(value, text)

    def table(values: dict[str, Any]) -> str:
        return str([(name, text(values[name])) for name in sorted(names & values.keys())])

    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    closure = text((tuple(cells), function.__defaults__))
    return _digest(_code(function.__code__) + table(function.__globals__) + closure), frozenset(called)


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of the globals and attributes that a function and its inner functions use."""
    yield from code.co_names
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _names(value)


@cache
def _code(code: CodeType) -> str:
    """Return a digest of a function's bytecode, names and constants. The function's file and line do not change the digest."""
    return _digest(repr((code.co_code, code.co_names, code.co_varnames)) + _text(code.co_consts))


def _text(value: Any, inner: Callable[[Any], str] | None = None) -> str:
    """Return a text for a value. The text is the same in all processes, even for a set, whose order differs between processes.
    For a value of an unknown type, the text is only the type's name.
    """
    inner = inner or _text
    match value:
        case CodeType():
            return _code(value)
        case EnumType():
            return str([inner(member) for member in list[Any](value)])
        case tuple():
            return f"({', '.join(map(inner, value))})"
        case frozenset():
            return f"{{{', '.join(sorted(map(inner, value)))}}}"
        case np.ndarray():
            return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, PLAIN):
        return repr(value)
    return f"{type(value).__qualname__} {getattr(value, '__name__', '')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
