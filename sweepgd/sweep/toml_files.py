"""Sweep files: find, read, override with `--set`, validate, compare, and write with every default."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from sweepgd.core.bundled_sweeps import bundled
from sweepgd.core.errors import SettingError, SweepgdError, UsageError, nearest, one_line, suggestion
from sweepgd.data.paths import absolute, path_keys
from sweepgd.record.results import SWEEP_REMEDY
from sweepgd.sweep import toml_syntax
from sweepgd.sweep.claim_spec import ClaimSpec
from sweepgd.sweep.dotted_keys import dotted
from sweepgd.sweep.earlier_defaults import former
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.validation_errors import describe

# Keys that may change when a search is continued. They set how much is run, or describe the sweep, but do not change what is
# computed.
OPERATIONAL = frozenset({"search.trials", "description", "source", "run_time", "requires", "claims"})


def copy_of(name: str, file: Path) -> str:
    """Return the text of a bundled sweep, renamed after `file`, so that the results go to a separate directory."""
    text = bundled()[name].read_text(encoding="utf-8")
    own = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).lstrip("._-")
    return text.replace(f'name = "{name}"', f'name = "{own or name}"', 1)


def load(name_or_path: str, overrides: Iterable[str] = ()) -> Sweep:
    """Return the sweep of a file, or a bundled sweep by name, with `dotted.key=TOML-value` overrides applied.

    Raises UsageError if there is no such sweep or it is not valid, SweepgdError if the file cannot be read.
    """
    path, text = _read(name_or_path)
    return parse(text, overrides, str(path), path.parent)


def claims_of(name_or_path: str) -> list[ClaimSpec]:
    """Return the claims of a sweep file, of a bundled sweep by name, or of a file that holds `[[claims]]` alone.

    Raises the errors of `load`.
    """
    if not path_of(name_or_path).exists():
        raise UsageError(f"no claims file {name_or_path!r}: {suggestion(name_or_path, bundled())}".rstrip(": "))
    path, text = _read(name_or_path)
    table = _tables(text, str(path))
    return _claims(table, str(path)) if list(table) == ["claims"] else parse(text, (), str(path), path.parent).claims


def _read(name_or_path: str) -> tuple[Path, str]:
    path = path_of(name_or_path)
    try:
        return path, path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"no sweep file {name_or_path!r}, and no bundled sweep of that name: {nearest(name_or_path, bundled())}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SweepgdError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from error


def path_of(name_or_path: str) -> Path:
    """Return the path of a sweep file, or of the bundled sweep of this name if there is no such file."""
    path, known = Path(name_or_path), bundled()
    return known[name_or_path] if name_or_path in known and not path.is_file() else path


@contextmanager
def naming(where: str | None) -> Iterator[None]:
    """Put `where` before the message of a SettingError that the `with` block raises, as `parse` does for all other errors.

    Settings are checked after a sweep file is read, because plugins are registered in between.
    """
    try:
        yield
    except SettingError as error:
        if where is None:
            raise
        raise UsageError(f"{where}: {error}") from error


def parse(text: str, overrides: Iterable[str] = (), where: str = "sweep", folder: Path | None = None) -> Sweep:
    """Return the sweep of a sweep file's text, with overrides applied.

    Relative data paths in the text are relative to `folder`. Paths in overrides are relative to the current directory. Raises
    UsageError with one line that begins with `where` if the sweep is not valid.
    """
    table = _tables(text, where)
    _find_data(table, folder or Path())
    for override in overrides:
        _override(table, override)
    _find_data(table, Path())
    return validate(table, where)


def _tables(text: str, where: str) -> dict[str, Any]:
    try:
        return toml_syntax.tables(text)
    except ValueError as error:
        raise UsageError(f"{where} is not valid TOML: {error}") from error


def _find_data(table: dict[str, Any], folder: Path) -> None:
    """Make the paths of `[data]` absolute, so that later commands may run from any directory."""
    if isinstance(table.get("data"), dict):
        table["data"] = absolute(table["data"], folder)


def validate(table: Mapping[str, Any], where: str = "sweep") -> Sweep:
    """Return the sweep that nested tables describe. Raises UsageError with one line that begins with `where` if it is not
    valid.
    """
    with _in_words(where):
        return Sweep.model_validate(table)


@contextmanager
def _in_words(where: str) -> Iterator[None]:
    """Turn an error of validation into a UsageError of one line that begins with `where`."""
    try:
        yield
    except ValidationError as error:
        raise UsageError(f"{where}: {describe(error)}" if where else describe(error)) from error
    except UsageError as error:  # raised by a validator
        raise UsageError(f"{where}: {error}" if where else str(error)) from error


def recorded(text: str, where: str) -> Sweep:
    """Return the sweep that `text`, the sweep.toml of a results directory, describes. If no sampler version is recorded, the
    version is 1.
    """
    sweep = parse(text, where=where)
    return sweep if sweep.search.sampler_version else with_sampler_version(sweep, 1)


def recorded_table(text: str) -> dict[str, Any]:
    """Return the values in `text`, the sweep.toml of a results directory, even if this version does not know all keys.

    Raises SweepgdError if the text is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SweepgdError(f"sweep.toml of the results is not valid TOML ({error}): {SWEEP_REMEDY}") from error


def recorded_claims(text: str) -> list[ClaimSpec]:
    """Return the claims in the text of a recorded sweep, even if this version does not know other keys of the sweep.

    Raises the errors of `recorded_table`, and UsageError for a claim that this version does not know.
    """
    return _claims({"claims": recorded_table(text).get("claims", [])}, "sweep.toml of the results")


def _claims(table: Mapping[str, Any], where: str) -> list[ClaimSpec]:
    with _in_words(where):
        return _Claims.model_validate(table).claims


class _Claims(BaseModel):
    """A file with claims alone."""

    claims: list[ClaimSpec]


def with_sampler_version(sweep: Sweep, version: int | None) -> Sweep:
    """Return the sweep with another sampler version."""
    return sweep.model_copy(update={"search": sweep.search.model_copy(update={"sampler_version": version})})


def to_toml(sweep: Sweep) -> str:
    """Return the sweep as TOML text with every default written out, as in `sweep.toml` of a results directory."""
    table = sweep.model_dump(mode="json", exclude_none=True)
    for kind in ("model", "data"):  # the values of varied settings are in `[space]` alone
        table[kind] = {key: value for key, value in table[kind].items() if key not in getattr(sweep.space, kind)}
    return tomli_w.dumps(table)


def differences(before: Sweep, now: Sweep) -> list[str]:
    """Compare two sweeps. Return one line for each difference that changes what is computed. `before` is the recorded sweep."""
    return [
        f"{now.data.path or now.data.model_dump()['folder']} has changed since the sweep was run"
        if key == "data.fingerprint"
        else f"{key}: {old!r} before, {new!r} now"
        for key, (old, new) in changes(before, now).items()
    ]


def changes(before: Sweep, now: Sweep) -> dict[str, tuple[Any, Any]]:
    """Return, by key, the values in which the two sweeps differ, if the difference changes what is computed.

    `before` is the recorded sweep. A missing value is "not given". A record may be older than a setting. The record then has
    the former value of a schedule's setting (see `former`), but the current default of a measure's setting, because each
    recorded measurement carries its own settings.
    """
    dumps = (_measures_resolved(sweep).model_dump(mode="json", exclude_none=True) for sweep in (before, now))
    old, new = (former(now) | dotted(dump) for dump in dumps)
    if old.get("data.fingerprint") == new.get("data.fingerprint") is not None:  # the same data, possibly moved
        for key in path_keys(now.data.model_dump()):
            old[f"data.{key}"] = new[f"data.{key}"]
    if now.data.name is not None and "data.fingerprint" not in old:  # older versions recorded no fingerprint for a folder
        new.pop("data.fingerprint", None)
    differing = [key for key in sorted(old.keys() | new.keys()) if key not in OPERATIONAL and old.get(key) != new.get(key)]
    # Any change in `[data]` may change the fingerprint. The fingerprint is reported only if no other key of `[data]` differs.
    if "data.fingerprint" in differing and any(key.startswith("data.") and key != "data.fingerprint" for key in differing):
        differing.remove("data.fingerprint")
    return {key: (old.get(key, "not given"), new.get(key, "not given")) for key in differing}


def _measures_resolved(sweep: Sweep) -> Sweep:
    return sweep if sweep.measure is None else sweep.model_copy(update={"measure": sweep.measure.resolved()})


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise UsageError(f"--set {override!r}: write it as dotted.key=value, such as space.batch_size=[8,32]")
    try:
        value = toml_syntax.value(text, ".".join(parts))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--set {override!r}: {text!r} is not a TOML value; {_correction(text)}") from error
    except ValueError as error:
        raise UsageError(f"--set {one_line(key)}: {str(error).removeprefix(f'{key}: ')}") from error
    for part in parts[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--set {override!r}: {part!r} is a single value and has no keys")
        table = inner
    table[parts[-1]] = value


def _correction(text: str) -> str:
    """Return the advice on a text that is not a TOML value: brackets for a list, and quotes for text."""
    try:
        several = len(toml_syntax.value(f"[{text}]", "")) > 1
    except ValueError:
        several = False
    return f"write a list in brackets, as in '[{text}]'" if several else "put text in quotes, as in '\"adam\"'"
