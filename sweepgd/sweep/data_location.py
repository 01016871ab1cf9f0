"""The sweep of a results directory, with the current location of its data files."""

from pathlib import Path

from sweepgd.data.data_spec import dataset_settings
from sweepgd.data.paths import check_there, moved
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.toml_files import recorded


def recorded_sweep(text: str, where: str, data_path: str | Path | None = None) -> Sweep:
    """Return the sweep recorded as `text` in a results directory.

    If `data_path` is given, it replaces the recorded path of the data. `where` names the text in error messages. Raises
    SweepgdError if a data file does not exist. The content of the file is compared with the recorded fingerprint later, when
    the data are prepared.
    """
    sweep = recorded(text, where)
    if data_path is not None:
        return at(sweep, data_path)
    check_there(sweep.data.model_dump())
    return sweep


def at(sweep: Sweep, data_path: str | Path) -> Sweep:
    """Return the sweep with `data_path` as its data file or, for a named data set, as its folder.

    Raises SweepgdError if the file or folder does not exist.
    """
    given = sweep.data.model_dump(exclude_none=True) | dataset_settings(sweep.data)
    data = sweep.data.model_copy(update=moved(given, Path(data_path)))
    return sweep.model_copy(update={"data": data})
