"""The prepared data of a process: once for each distinct `[data]` table and seed, within a limit of memory."""

import hashlib
import json
from collections import OrderedDict
from pathlib import Path

from sweepgd.data import Data, DataSpec
from sweepgd.data.data_cache import prepared
from sweepgd.data.data_spec import dataset_settings
from sweepgd.data.memory_map import open_saved, save

# The most data sets that are kept, and the bytes of all but the latest one.
MOST_KEPT, KEPT_BYTES = 64, 512 << 20


class PreparedData:
    """Prepares data when they are first needed; `shared` is a folder in which another process has left some by `leave`."""

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        self._kept: OrderedDict[tuple[str, int, str], Data] = OrderedDict()

    def get(self, digest: str, spec: DataSpec, *, seed: int, dtype: str) -> Data:
        """Return the prepared data of a `[data]` table and its digest. Raises the errors of `sweepgd.data.prepare`."""
        key = digest, seed, dtype
        if key not in self._kept:
            folder = None if self._shared is None else self._shared / key[0]
            there = folder is not None and folder.is_dir()
            self._kept[key] = open_saved(folder) if folder and there else prepared(spec, seed=seed, dtype=dtype)
            self._drop()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _drop(self) -> None:
        """Forget the data that were not used for the longest time, until the limits hold."""
        size = sum(data.nbytes for data in self._kept.values())
        while len(self._kept) > MOST_KEPT or (len(self._kept) > 1 and size > KEPT_BYTES):
            size -= self._kept.popitem(last=False)[1].nbytes


def leave(digest: str, data: Data, folder: Path) -> None:
    """Save data under a folder for the `PreparedData` of other processes. Raises OSError."""
    target = folder / digest
    if not target.is_dir():
        target.mkdir()
        save(data, target)


def digest_of(spec: DataSpec) -> str:
    """Return a name for the data of a `[data]` table, equal for equal ones whether or not their defaults are written out."""
    given = spec.model_dump(mode="json", exclude={"fingerprint"}) | dataset_settings(spec)
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
