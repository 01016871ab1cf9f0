"""The sweep of a results directory, with its data where they are now."""

from pathlib import Path

from sweepgd.data.paths import check_there, moved
from sweepgd.data.spec import dataset_settings
from sweepgd.sweep.files import recorded
from sweepgd.sweep.spec import Sweep


def recorded_sweep(text: str, where: str, data_path: str | Path | None = None) -> Sweep:
    """Return the sweep whose text a results directory holds, its data at `data_path` if given.

    Raise Problem where a file of the data is not there: they are the ones where their fingerprint is the recorded one.
    """
    sweep = recorded(text, where)
    if data_path is not None:
        return at(sweep, data_path)
    check_there(sweep.data.model_dump())
    return sweep


def at(sweep: Sweep, data_path: str | Path) -> Sweep:
    """Return a sweep whose data file, or folder of a named data set, is at `data_path` now. Raise Problem where it is not."""
    given = sweep.data.model_dump(exclude_none=True) | dataset_settings(sweep.data)
    data = sweep.data.model_copy(update=moved(given, Path(data_path)))
    return sweep.model_copy(update={"data": data})
