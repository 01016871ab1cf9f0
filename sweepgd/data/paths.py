"""Where the files of a `[data]` table are: named from the folder of the sweep file, recorded as absolute paths, and moved."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweepgd.data.formats import format_of
from sweepgd.problem import Problem, UsageProblem


def path_keys(data: Mapping[str, Any]) -> list[str]:
    """Return the keys of a `[data]` table that name files, or the folder of the files of a named data set."""
    if not isinstance(data.get("path"), str):
        return ["folder"] if isinstance(data.get("folder"), str) and data["folder"] else []
    keys = ["path", "test_path", *(["target", "test_target"] if _is_idx(data["path"]) else [])]
    return [key for key in keys if isinstance(data.get(key), str)]


def _is_idx(path: str) -> bool:
    """Return whether a file is of the format whose labels are in a file too; a name of no known format is told later."""
    try:
        return format_of(path) == "idx"
    except UsageProblem:
        return False


def check_there(data: Mapping[str, Any]) -> None:
    """Raise Problem where a file or folder of a `[data]` table is not there: it names the key, and how to say where it is."""
    keys = path_keys(data)
    if "path" in keys:
        format_of(data["path"])  # an unknown format is told first
    for key in keys:
        try:
            os.lstat(os.path.expanduser(data[key]))
        except (FileNotFoundError, NotADirectoryError) as error:
            kind = "folder" if key == "folder" else "file"
            where = f"data.{key} of this sweep: give --data-path {kind.upper()}, where it is now"
            raise Problem(f"no such {kind}: {data[key]}, {where}") from error
        except (OSError, ValueError):
            pass  # told by what reads it


def absolute(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a `[data]` table whose relative paths, taken from a folder, are absolute; "~" is the user's home."""
    return {**data, **{key: os.path.abspath(folder / Path(data[key]).expanduser()) for key in path_keys(data)}}


def moved(data: Mapping[str, Any], to: Path) -> dict[str, Any]:
    """Return a `[data]` table whose file is at `to` now, or in that folder, and its other files, if it has any, beside it.

    The folder of a named data set is `to`. Raise Problem where one of them is not there, or the table names no file.
    """
    keys = path_keys(data)
    if not keys:
        raise Problem(f"--data-path {to}: the data are {data.get('name')!r}, and no file: leave it out")
    to = Path(os.path.abspath(to.expanduser()))
    if keys == ["folder"]:
        if not to.is_dir():
            raise Problem(f"no such folder: {to}")
        return {**data, "folder": str(to)}
    folder = to if to.is_dir() else to.parent
    files = {key: folder / Path(data[key]).name for key in keys}
    if not to.is_dir():
        files["path"] = to
    for file in files.values():
        if not file.is_file():
            raise Problem(f"no such file: {file}")
    return {**data, **{key: str(file) for key, file in files.items()}}
