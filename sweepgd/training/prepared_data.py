"""The prepared data of a process. Each `[data]` table and seed is prepared once and kept, within a limit of memory."""

import hashlib
import json
from collections import OrderedDict
from pathlib import Path

from sweepgd.data import Data, DataSpec
from sweepgd.data.data_cache import prepared
from sweepgd.data.data_spec import dataset_settings
from sweepgd.data.memory_map import open_saved, save

# The largest number of data sets that are kept, and the largest total of their bytes. The latest data set is always kept.
MOST_KEPT, KEPT_BYTES = 64, 512 << 20


class PreparedData:
    """Prepares data when they are first needed. The folder `shared` may have data that another process saved with `leave`."""

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        self._kept: OrderedDict[tuple[str, int, str], Data] = OrderedDict()

    def get(self, digest: str, spec: DataSpec, *, seed: int, dtype: str, reads_bytes: bool = False) -> Data:
        """Return the prepared data of the `[data]` table `spec`, whose digest is `digest`. Raises the errors of
        `sweepgd.data.prepare`. `dtype` and `reads_bytes` are properties of the model, which is the same in all calls.
        """
        key = digest, seed, dtype
        if key not in self._kept:
            folder = None if self._shared is None else self._shared / key[0]
            there = folder is not None and folder.is_dir()
            if folder and there:
                self._kept[key] = open_saved(folder)
            else:
                self._kept[key] = prepared(spec, seed=seed, dtype=dtype, reads_bytes=reads_bytes)
            self._drop()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _drop(self) -> None:
        """Drop the least recently used data until the rest is within the limits."""
        size = sum(data.nbytes for data in self._kept.values())
        while len(self._kept) > MOST_KEPT or (len(self._kept) > 1 and size > KEPT_BYTES):
            size -= self._kept.popitem(last=False)[1].nbytes


def leave(digest: str, data: Data, folder: Path) -> None:
    """Save data in a folder for the `PreparedData` of other processes. Raises OSError if the folder cannot be written."""
    target = folder / digest
    if not target.is_dir():
        target.mkdir()
        save(data, target)


def digest_of(spec: DataSpec) -> str:
    """Return a digest of a `[data]` table. Tables that differ only in defaults that are written out have equal digests."""
    given = spec.model_dump(mode="json", exclude={"fingerprint"}) | dataset_settings(spec)
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
