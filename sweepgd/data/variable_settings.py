"""The settings of `[data]` that may differ between the trials of a sweep."""

from collections.abc import Mapping
from typing import Any

from sweepgd.core.errors import SettingError, nearest
from sweepgd.core.setting import Setting
from sweepgd.data.data_spec import DataSpec
from sweepgd.plugins import registry

VARIABLE: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("subset", 1, "number of rows to keep", minimum=1),
        Setting("label_noise", 0.0, "share of training labels to replace", minimum=0.0, maximum=1.0),
        Setting("split", "random", "how parts are chosen", choices=("tail", "random", "stratified")),
        Setting("validation", 0.15, "share of the rows for validation", minimum=0.0, maximum=1.0, open_maximum=True),
        Setting("test", 0.15, "share of the rows for the test", minimum=0.0, maximum=1.0, open_maximum=True),
        Setting("standardize", True, "standardize inputs"),
        Setting("standardize_targets", False, "standardize targets"),
        Setting("shuffle", "epoch", "when rows are shuffled", choices=("epoch", "once", "never")),
        Setting("last_batch", "keep", "handling of a short last batch", choices=("keep", "drop")),
    )
}
"""The keys that may vary in a `[data]` table of any kind."""
# A setting of a data set that names its files.
FOLDER = "folder"


def variable(spec: DataSpec, key: str, where: str) -> Setting:
    """Return the setting `key` of the data. Raises SettingError if the setting does not exist or may not vary."""
    own = () if spec.name is None else registry.get("datasets", spec.name).settings
    known = VARIABLE | {setting.name: setting for setting in own if setting.name != FOLDER}
    if key in known:
        return known[key]
    if key in DataSpec.model_fields or key == FOLDER:
        raise SettingError(f"{where}.{key} may not vary, because the trials of a sweep share it: give data.{key} instead")
    raise SettingError(f"unknown key {where}.{key}: {nearest(key, known)}")


def with_settings(spec: DataSpec, settings: Mapping[str, Any]) -> DataSpec:
    """Return the data with new values of some settings, and without the fingerprint, which belongs to the former values.

    Raises UsageError if the new values contradict other settings.
    """
    if not settings:
        return spec
    return DataSpec.model_validate(spec.model_dump(exclude_none=True, exclude={"fingerprint"}) | dict(settings))
