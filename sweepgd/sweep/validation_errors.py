"""One line, in sweepgd's own words, for a `ValidationError` that pydantic raises about a sweep file."""

from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sweepgd.core.errors import nearest
from sweepgd.sweep.entries import Range
from sweepgd.sweep.spec import Sweep

# The advice that ends a message, by pydantic's type of error.
_CORRECTIONS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-' only, starting with a letter or digit",
}
# The bounds of a number: pydantic's type of error, the key of the bound in the error's context, and our words.
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def describe(error: ValidationError) -> str:
    """Return a line with the first error, its dotted key, and the number of further errors."""
    details = error.errors(include_url=False)
    alternatives = _same_entry(details)
    first = details[0]
    if alternatives:
        # pydantic reports one error for each form of an entry (value, list, range). The deepest error belongs to the form that
        # the user meant.
        first = max(details, key=lambda detail: (_depth(detail), detail["type"] == "extra_forbidden"))
    location = [str(part) for part in first["loc"] if not _is_alternative(str(part))]
    key = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in location).removeprefix(".") or "the file"
    if first["type"] == "extra_forbidden":
        tables, near = _tables_with(key), nearest(location[-1], _fields_at(location[:-1]))
        known = f"did you mean {' or '.join(map(repr, tables))}?" if tables else near
        return f"unknown key {key}: {known}"
    more = "" if len(details) == 1 or alternatives else f" (and {len(details) - 1} more)"
    forms = [detail for detail in details if _depth(detail) == _depth(first)] if alternatives else [first]
    wanted = list(dict.fromkeys(_form(detail) for detail in forms))
    if "a number" in wanted:
        wanted = [form for form in wanted if form != "a whole number"]
    if len(wanted) > 1 and all(wanted):
        return f"{key} = {first['input']!r}: give {', '.join(wanted[:-1])} or {wanted[-1]}"
    return _message(key, first) + more


def _message(key: str, detail: Any) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return f"{key} is missing: add it"
    if kind in ("model_type", "dict_type"):
        how = "write it as {key = value}" if key.endswith("]") else f"write [{key}], and its keys below"
        return f"{key} must be a table: {how}"
    if kind == "list_type":
        return f"{key} must be a list: write it in brackets, even with one value"
    if kind == "string_too_short":
        return f"{key} is empty: give a text"
    if kind == "too_short":
        return f"{key} is empty: give at least one value"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        number = detail["ctx"][bound]
        return f"{key} = {value!r}: must be {words} {f'{number:g}' if isinstance(number, float) else number}"
    if kind in _CORRECTIONS and isinstance(value, dict | list):
        return f"{key} = {value!r}: give a single value"
    if correction := _form(detail):
        return f"{key} = {value!r}: give {correction}"
    return f"{key}: {detail['msg'].removeprefix('Value error, ')}"


def _form(detail: Any) -> str:
    """Return the kind of value to give instead of a value of the wrong type, or "" for an error of another kind."""
    if detail["type"] == "literal_error":
        return str(detail["ctx"]["expected"])
    return _CORRECTIONS.get(detail["type"], "")


def _depth(detail: Any) -> int:
    """Return the number of keys and indices that lead to an error."""
    return sum(not _is_alternative(str(part)) for part in detail["loc"])


def _is_alternative(part: str) -> bool:
    """Return True if part of a location is pydantic's name for one type of a union, and not a key of the file."""
    types = ("float", "int", "str", "bool", "Range", "Interval")
    return part in types or part.startswith(("list[", "dict[", "literal[", "constrained-"))


def _same_entry(details: list[Any]) -> bool:
    keys = {tuple(part for part in detail["loc"] if not _is_alternative(str(part)))[:2] for detail in details}
    return len(keys) == 1 and len(details) > 1


def _tables_with(key: str) -> list[str]:
    """Return a key with its table, such as "space.batch_size", for each table of the file that has the key."""
    tables = {name: _fields_at([name]) for name in Sweep.model_fields if name not in ("points", "claims")}  # lists of tables
    return [f"{name}.{key}" for name, fields in tables.items() if key in fields and fields != list(Range.model_fields)]


def _fields_at(location: list[str]) -> list[str]:
    """Return the known keys of the table at `location`, found by walking through the classes of the sweep."""
    kind: Any = Sweep
    for part in location:
        if isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[part].annotation
        if get_origin(kind) is list:
            kind = get_args(kind)[0]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
            models = [arm for arm in get_args(kind) if isinstance(arm, type) and issubclass(arm, BaseModel)]
            kind = models[0] if models else kind
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return list(Range.model_fields)
