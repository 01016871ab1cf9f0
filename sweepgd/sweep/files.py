"""Sweep files: found, read, overridden with `--set`, validated with one-line errors, compared, and written back resolved."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import tomli_w
from pydantic import BaseModel, ValidationError

from sweepgd.data.paths import absolute, path_keys
from sweepgd.problem import Problem, UsageProblem, nearest, one_line
from sweepgd.sweep import toml
from sweepgd.sweep.entries import Range
from sweepgd.sweep.former import former
from sweepgd.sweep.spec import Sweep

# What pydantic misses, by its type of error.
_NUMBERS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
}
# Keys that say how much is run, not what is computed: they may change when a search is continued.
OPERATIONAL = frozenset({"search.trials", "description", "source"})


def bundled() -> dict[str, Path]:
    """The sweeps that come with sweepgd, by name. The wheel carries them inside; a checkout has them beside the package."""
    package = Path(__file__).parents[1]
    folder = package / "_sweeps"
    if not folder.is_dir():
        folder = package.parent / "sweeps"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def copy_of(name: str, file: Path) -> str:
    """The text of a bundled sweep for a file to edit, with the file's name, so that the results of the two do not mix."""
    text = bundled()[name].read_text(encoding="utf-8")
    own = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).lstrip("._-")
    return text.replace(f'name = "{name}"', f'name = "{own or name}"', 1)


def load(name_or_path: str, overrides: Iterable[str] = ()) -> Sweep:
    """A sweep file, or a bundled sweep by name, with `dotted.key=TOML-value` overrides applied."""
    path = Path(name_or_path)
    known = bundled()
    if name_or_path in known and not path.is_file():
        path = known[name_or_path]
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageProblem(
            f"no sweep file {name_or_path!r}, nor a bundled sweep of that name: {nearest(name_or_path, known)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from error
    return parse(text, overrides, str(path), path.parent)


def parse(text: str, overrides: Iterable[str] = (), where: str = "sweep", folder: Path | None = None) -> Sweep:
    """A sweep from the text of its file, which is in `folder`: its paths of data begin there, those of overrides where we are.

    Raises UsageProblem with one line, that begins with `where`, for what is wrong.
    """
    try:
        table = toml.tables(text)
    except ValueError as error:
        raise UsageProblem(f"{where} is not valid TOML: {error}") from error
    _find_data(table, folder or Path())
    for override in overrides:
        _override(table, override)
    _find_data(table, Path())
    return validate(table, where)


def _find_data(table: dict[str, Any], folder: Path) -> None:
    """Makes the paths of `[data]` absolute, so that they are the same from wherever the results are worked with."""
    if isinstance(table.get("data"), dict):
        table["data"] = absolute(table["data"], folder)


def validate(table: Mapping[str, Any], where: str = "sweep") -> Sweep:
    """A sweep from nested tables."""
    try:
        return Sweep.model_validate(table)
    except ValidationError as error:
        raise UsageProblem(f"{where}: {_one_line(error)}" if where else _one_line(error)) from error


def recorded(text: str, where: str) -> Sweep:
    """The sweep of a results directory, from its text. One that names no version of the samplers has 1."""
    sweep = parse(text, where=where)
    return sweep if sweep.search.sampler_version else with_sampler_version(sweep, 1)


def with_sampler_version(sweep: Sweep, version: int | None) -> Sweep:
    """The sweep with a version of the samplers."""
    return sweep.model_copy(update={"search": sweep.search.model_copy(update={"sampler_version": version})})


def to_toml(sweep: Sweep) -> str:
    """The sweep with every default written out, as `sweep.toml` of its results."""
    return tomli_w.dumps(sweep.model_dump(mode="json", exclude_none=True))


def differences(before: Sweep, now: Sweep) -> list[str]:
    """What the two sweeps compute differently, a line a key; `before` is a recorded one, and may be older than a setting."""
    return [
        f"{now.data.path or now.data.model_dump()['folder']} has changed since the sweep was run"
        if key == "data.fingerprint"
        else f"{key}: {old!r} before, {new!r} now"
        for key, (old, new) in changes(before, now).items()
    ]


def changes(before: Sweep, now: Sweep) -> dict[str, tuple[Any, Any]]:
    """What the two sweeps compute differently: the values of both by key, "not given" where there is none.

    `before` is a recorded one, and may be older than a setting. Such a setting of a measure stands at its default: each value
    is recorded with its own settings.
    """
    old, new = (_flat(_measures_resolved(sweep).model_dump(mode="json", exclude_none=True)) for sweep in (before, now))
    old = former(now) | old
    if old.get("data.fingerprint") == new.get("data.fingerprint") is not None:  # the same data, wherever they are
        for key in path_keys(now.data.model_dump()):
            old[f"data.{key}"] = new[f"data.{key}"]
    if now.data.name is not None and "data.fingerprint" not in old:  # of an older version, which recorded none of a folder
        new.pop("data.fingerprint", None)
    differing = [key for key in sorted(old.keys() | new.keys()) if key not in OPERATIONAL and old.get(key) != new.get(key)]
    # Other data, or another file, have another fingerprint: that is told only where nothing else of `[data]` differs.
    if "data.fingerprint" in differing and any(key.startswith("data.") and key != "data.fingerprint" for key in differing):
        differing.remove("data.fingerprint")
    return {key: (old.get(key, "not given"), new.get(key, "not given")) for key in differing}


def _measures_resolved(sweep: Sweep) -> Sweep:
    return sweep if sweep.measure is None else sweep.model_copy(update={"measure": sweep.measure.resolved()})


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise UsageProblem(f"--set {override!r}: write it as dotted.key=value, such as space.batch_size=[8,32]")
    try:
        value = toml.value(text, ".".join(parts))
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem(f"--set {override!r}: {text!r} is not a TOML value; texts want quotes, as in '\"adam\"'") from error
    except ValueError as error:
        raise UsageProblem(f"--set {one_line(key)}: {str(error).removeprefix(f'{key}: ')}") from error
    for part in parts[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageProblem(f"--set {override!r}: {part!r} is a value and has no keys inside")
        table = inner
    table[parts[-1]] = value


def _one_line(error: ValidationError) -> str:
    """The first thing that is wrong, by its dotted key, and how many more there are."""
    details = error.errors(include_url=False)
    # Of the alternatives of an entry (value, list, range) the one that got furthest says most.
    first = (
        max(details, key=lambda detail: (len(detail["loc"]), detail["type"] == "extra_forbidden"))
        if _same_entry(details)
        else details[0]
    )
    location = [str(part) for part in first["loc"] if not _is_alternative(str(part))]
    key = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in location).removeprefix(".") or "the file"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}: {nearest(location[-1], _fields_at(location[:-1]))}"
    if first["type"] == "missing":
        return f"{key} is missing: add it"
    if first["type"] in ("model_type", "dict_type"):
        return f"{key} is a table: write [{key}], and its keys below"
    if first["type"] == "list_type":
        return f"{key} is a list: write it in brackets, also of one"
    if first["type"] == "too_short":
        return f"{key} is empty: give at least one"
    if first["type"] in _NUMBERS and not isinstance(first["input"], dict | list):
        return f"{key} = {first['input']!r}: give {_NUMBERS[first['type']]}"
    more = "" if len(details) == 1 or _same_entry(details) else f" (and {len(details) - 1} more)"
    return f"{key}: {first['msg'].removeprefix('Value error, ')}{more}"


def _is_alternative(part: str) -> bool:
    """Whether a part of a location is pydantic's name for one alternative of a union, and no key of the file."""
    return part in ("float", "int", "str", "bool", "Range") or part.startswith(("list[", "literal["))


def _same_entry(details: list[Any]) -> bool:
    keys = {tuple(p for p in detail["loc"] if not _is_alternative(str(p)))[:2] for detail in details}
    return len(keys) == 1 and len(details) > 1


def _fields_at(location: list[str]) -> list[str]:
    """The keys known in the table at a location, by walking the classes of the sweep."""
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
