"""Checks of keys of a `[data]` table that belong together: for a named data set, and for a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from sweepgd.core.errors import UsageError, nearest, suggestion
from sweepgd.data.formats import format_of, is_tabbed
from sweepgd.plugins import registry

if TYPE_CHECKING:
    from sweepgd.data.data_spec import DataSpec

# The keys for files only. A named data set declares these properties itself.
FILE_KEYS = (
    "target", "inputs", "exclude", "task", "test_path", "test_target", "test_inputs", "fingerprint",
    "separator", "decimal", "encoding", "header", "missing_values", "categories", "dates", "missing", "missing_target",
)  # fmt: skip


def check_named(spec: "DataSpec") -> None:
    """Raise UsageError if a key is for files only."""
    for key in FILE_KEYS:
        if getattr(spec, key) is None or (key == "fingerprint" and "folder" in (spec.model_extra or {})):
            continue
        assert spec.name is not None
        installed = registry.names("datasets")
        if spec.name not in installed:
            raise UsageError(
                f"unknown dataset {spec.name!r}: {suggestion(spec.name, installed)}installed: {', '.join(installed)};"
                f' to use a file, give its path, such as data.path = "./{spec.name}"'
            )
        raise UsageError(f"data.{key} is for a file (data.path), but data.name is {spec.name!r}: remove data.{key}")


def check_file(spec: "DataSpec") -> None:
    """Raise UsageError if keys for files are missing or contradict each other."""
    for key in spec.model_extra or {}:
        raise UsageError(f"unknown key data.{key}: {nearest(key, type(spec).model_fields)}")
    if spec.task is None:
        raise UsageError(
            'data.path needs data.task: give "regression" or "classification" in [data], or'
            " --set data.task='\"classification\"'"
        )
    is_npz = str(spec.path).lower().endswith(".npz")
    if has_labels(str(spec.path)):
        _check_images(spec)
        return
    if not spec.target and not is_npz:
        raise UsageError("data.path needs data.target: the column, the NPZ array, or for IDX the file of labels")
    if spec.test_inputs is not None and not is_npz:
        raise UsageError("data.test_inputs is for NPZ files, but data.path has another format: remove data.test_inputs")
    if spec.test_target is not None and spec.test_path is None and not is_npz:
        raise UsageError("data.test_target needs data.test_path: give data.test_path too, or remove data.test_target")
    _check_columns(spec)
    _check_dialect(spec)


def has_labels(path: str) -> bool:
    """Return True if a path is of images whose files or folders have the labels: CIFAR's binary files, or a folder."""
    try:
        return format_of(path) in ("cifar", "folder")
    except UsageError:  # raised again when the file is read
        return False


def _check_images(spec: "DataSpec") -> None:
    for key in FILE_KEYS:
        if key not in ("task", "target", "test_path", "fingerprint") and getattr(spec, key) is not None:
            raise UsageError(f"data.{key} is for files of tables, but {spec.path} holds images: remove data.{key}")
    if spec.task != "classification":
        raise UsageError(f'data.task = "{spec.task}", but the images of {spec.path} have classes: give "classification"')
    if spec.target not in (None, "fine", "coarse"):
        raise UsageError(
            f"data.target = {spec.target!r}: the images of {spec.path} have labels: remove data.target; for CIFAR-100, give"
            ' "fine" or "coarse"'
        )


def _check_columns(spec: "DataSpec") -> None:
    """Raise UsageError if a column is named twice in one key, or in two keys that exclude each other."""
    named = {key: listed(getattr(spec, key)) for key in ("target", "inputs", "exclude")}
    encoded = {"categories": spec.categories, "dates": spec.dates}
    named |= {key: () if value == "all" else listed(value) for key, value in encoded.items()}
    for key, names in named.items():
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"data.{key} names {name!r} twice: remove one")
    if named["inputs"] and named["exclude"]:
        raise UsageError("data.inputs and data.exclude contradict each other: give one of them")
    for one, other in (("target", "inputs"), ("target", "exclude"), ("categories", "dates")):
        both = [name for name in named[one] if name in named[other]]
        if both:
            raise UsageError(f"{both[0]!r} is in both data.{one} and data.{other}: remove it from one of them")


def _check_dialect(spec: "DataSpec") -> None:
    if spec.separator is not None and (len(spec.separator) != 1 or not spec.separator.isascii() or spec.separator in '"\r\n'):
        raise UsageError(f'data.separator = {spec.separator!r}: give one character, such as ";" or "\\t"')
    paths = [Path(path) for path in (spec.path, spec.test_path) if path]
    # Only CSV files have a decimal point. `load_file` refuses the key for Parquet and NPZ files.
    columnar = any(path.suffix.lower() in (".parquet", ".npz") for path in paths)
    tabbed = spec.separator is None and all(map(is_tabbed, paths))
    if (spec.decimal or ".") == (spec.separator or ",") and not (tabbed or columnar):
        raise UsageError('data.decimal = "," needs another data.separator: set the separator of the file, such as ";"')
    try:
        "".encode(spec.encoding or "utf-8")
    except (LookupError, ValueError) as error:
        raise UsageError(f'data.encoding = {spec.encoding!r}: give an encoding of Python, such as "latin-1"') from error


def listed(given: str | list[str] | None) -> tuple[str, ...]:
    """Return a name or a list of names as a tuple, empty for None."""
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)
