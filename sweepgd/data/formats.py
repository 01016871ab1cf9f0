"""Find the format of a file by its name and by its first bytes."""

import re
from pathlib import Path
from typing import Literal

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.advice import FOR_SWEEP, Advice

Format = Literal["csv", "parquet", "npz", "idx", "cifar", "folder"]
KNOWN = "give .csv, .tsv, .parquet, .npz, .idx or -idx3-ubyte (CSV, TSV, IDX also .gz), CIFAR's .bin, or a folder of images"

GZIP, ZIP, PARQUET = "gzip", "a ZIP archive", "Parquet"
# The first bytes of formats that are often saved under the wrong name.
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", GZIP),
    (b"PK\x03\x04", ZIP),
    (b"PAR1", PARQUET),
    (b"\x93NUMPY", "a single NumPy array"),
    (b"\x89HDF", "HDF5"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xd0\xcf\x11\xe0", "an Excel file"),
    (b"%PDF", "PDF"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
HINTS = {
    GZIP: "add .gz to its name",
    ZIP: "unpack it, or save an Excel sheet as CSV",
    PARQUET: "rename it to end in .parquet",
    "an Excel file": "save it as CSV",
    "a web page": "download the file itself",
    "a Git LFS pointer, not the file itself": "get it with git lfs pull",
}


def format_of(path: str) -> Format:
    """Return the format that a file's name says. A name without a suffix is a folder, unless there is such a file.

    Raises UsageError if the format is not supported.
    """
    name = Path(path).name.lower()
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")):
        return "csv"
    if name.endswith(".parquet"):
        return "parquet"
    if name.endswith(".npz"):
        return "npz"
    # Names of MNIST's files are train-images-idx3-ubyte.gz or train-images.idx3-ubyte.
    if re.search(r"[-.]idx\d?(-\w+)?(\.gz)?$", name):
        return "idx"
    if name.endswith(".bin"):
        return "cifar"
    try:
        place = Path(path).expanduser()
        if place.is_dir() or (not place.suffix and not place.is_file()):
            return "folder"
    except (OSError, RuntimeError):  # the user after ~ does not exist
        pass
    raise UsageError(f"{path}: unknown format: {KNOWN}")


def is_packed(path: Path) -> bool:
    """Return True if a file's name says that it is compressed with gzip."""
    return path.name.lower().endswith(".gz")


def is_tabbed(path: Path) -> bool:
    """Return True if a file's name says that its columns are separated by tabs."""
    return path.name.lower().endswith((".tsv", ".tsv.gz"))


def existing(path: str) -> Path:
    """Return the file at a path, with ~ expanded. If there is no such file, raise a SweepgdError with the reason."""
    try:
        file = Path(path).expanduser()
        if file.is_file():
            return file
        exists, link = file.exists(), file.readlink() if file.is_symlink() else None
    except (OSError, RuntimeError) as error:  # RuntimeError: the user after ~ does not exist
        raise SweepgdError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}; give a file that you may read"
        ) from error
    if exists:
        raise SweepgdError(f"not a file: {path}: give a CSV, Parquet, NPZ or IDX file")
    if link is not None:
        raise SweepgdError(f"{path} is a link to {link}, which does not exist: fix the link, or give another file")
    raise SweepgdError(f"no such file: {path}")


def existing_folder(path: str) -> Path:
    """Return the folder at a path, with ~ expanded. Raises SweepgdError if there is no such folder."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise SweepgdError(f"no such file or folder: {path}")
    return folder


def check_content(path: Path, encoding: str = "utf-8", advice: Advice = FOR_SWEEP) -> None:
    """Raise SweepgdError if a file's first bytes belong to another format than its name says."""
    try:
        with path.open("rb") as file:
            start = file.read(32)
    except OSError:
        return  # an error is reported when the file is read
    found = next((name for magic, name in MAGIC if start.startswith(magic)), None)
    form = format_of(str(path))
    packed = GZIP if is_packed(path) else None
    expected = {"csv": packed, "idx": packed, "parquet": PARQUET, "npz": ZIP}.get(form)
    if found is None or found == expected:
        return
    if found == "UTF-16 text" and (form != "csv" or not encoding.lower().replace("_", "-").startswith("utf-8")):
        return
    hints = {**HINTS, **advice.formats}
    hint = hints.get(found, "unpack it" if found in ("bzip2", "xz", "zstd") else f"save it in another format: {KNOWN}")
    raise SweepgdError(f"{path} holds {found}{', not ' + expected if expected else ''}: {hint}")
