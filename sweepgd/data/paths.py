"""Paths of data files in a `[data]` table. They are relative to the sweep file, are recorded as absolute paths, and may be
changed if the data are moved later.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.formats import format_of


def path_keys(data: Mapping[str, Any]) -> list[str]:
    """Return the keys of a `[data]` table that name files, or the folder of the files of a named data set."""
    if not isinstance(data.get("path"), str):
        return ["folder"] if isinstance(data.get("folder"), str) and data["folder"] else []
    keys = ["path", "test_path", *(["target", "test_target"] if _is_idx(data["path"]) else [])]
    return [key for key in keys if isinstance(data.get(key), str)]


def _is_idx(path: str) -> bool:
    """Return True if a file is in the IDX format, where the labels are another file. Unknown formats are reported when the file
    is read.
    """
    try:
        return format_of(path) == "idx"
    except UsageError:
        return False


def _is_folder(path: str) -> bool:
    """Return True if a path has no suffix, as that of a folder of images."""
    return not Path(path).suffix


def check_there(data: Mapping[str, Any]) -> None:
    """Raise SweepgdError, with the key, if a file or folder of a `[data]` table does not exist."""
    keys = path_keys(data)
    if "path" in keys:
        format_of(data["path"])  # raises an error first if the format is unknown
    for key in keys:
        try:
            os.lstat(os.path.expanduser(data[key]))
        except (FileNotFoundError, NotADirectoryError) as error:
            kind = "folder" if key == "folder" else "file"
            where = f"data.{key} of this sweep: give its new path with --data-path {kind.upper()}"
            raise SweepgdError(f"no such {kind}: {data[key]}, {where}") from error
        except (OSError, ValueError):
            pass  # reported when the file is read


def absolute(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a `[data]` table with absolute paths. Relative paths are relative to `folder`, and "~" is the user's home."""
    return {**data, **{key: os.path.abspath(folder / Path(data[key]).expanduser()) for key in path_keys(data)}}


def moved(data: Mapping[str, Any], to: Path) -> dict[str, Any]:
    """Return a `[data]` table whose file is `to`, or is in the folder `to`. Other files of the table must be in the same
    folder.

    For a named data set with a folder, `to` is the new folder. Raises SweepgdError if one of these files or folders does not
    exist, or the table has no files.
    """
    keys = path_keys(data)
    if not keys:
        raise SweepgdError(f"--data-path {to}: the data set {data.get('name')!r} is not a file: remove the option")
    to = Path(os.path.abspath(to.expanduser()))
    if keys == ["folder"]:
        if not to.is_dir():
            raise SweepgdError(f"no such folder: {to}")
        return {**data, "folder": str(to)}
    of_images = _is_folder(data["path"]) and not (to / Path(data["path"]).name).exists()
    is_path = of_images or not to.is_dir()
    folder = to.parent if is_path else to
    files = {key: folder / Path(data[key]).name for key in keys}
    if is_path:
        files["path"] = to
    for key, file in files.items():
        if not (file.exists() if _is_folder(data[key]) else file.is_file()):
            raise SweepgdError(f"no such file: {file}")
    return {**data, **{key: str(file) for key, file in files.items()}}
