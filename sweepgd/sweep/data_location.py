"""The sweep of a results directory, with the current location of its data files."""

from pathlib import Path

from sweepgd.data.data_spec import dataset_settings
from sweepgd.data.paths import check_there, moved
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.toml_files import recorded


def recorded_sweep(text: str, where: str, data_path: str | Path | None = None) -> Sweep:
    """Return the sweep recorded as `text` in a results directory, with its data at `data_path` if given.

    `where` names the text in error messages. Raises SweepgdError if a data file does not exist. The content is not checked
    here: preparing the data compares it with the recorded fingerprint.
    """
    sweep = recorded(text, where)
    if data_path is not None:
        return at(sweep, data_path)
    check_there(sweep.data.model_dump())
    return sweep


def at(sweep: Sweep, data_path: str | Path) -> Sweep:
    """Return the sweep with its data file, or the folder of a named data set, at `data_path`. Raises SweepgdError if absent."""
    given = sweep.data.model_dump(exclude_none=True) | dataset_settings(sweep.data)
    data = sweep.data.model_copy(update=moved(given, Path(data_path)))
    return sweep.model_copy(update={"data": data})
