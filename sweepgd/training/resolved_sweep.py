"""The sweep that a study records, with every default written out."""

from sweepgd.core.errors import SweepgdError
from sweepgd.core.setting import resolve
from sweepgd.data.data_spec import dataset_settings
from sweepgd.models import Model
from sweepgd.plugins import registry, single_file
from sweepgd.sweep import Sweep
from sweepgd.sweep.earlier_defaults import written_out
from sweepgd.sweep.spec import SAMPLER_VERSION


def resolved(sweep: Sweep, objectives: tuple[str, ...], fingerprint: str) -> Sweep:
    """Return the sweep that a study records, with all defaults written out and with the digests of its files.

    The objectives are written out, and so are all settings of the data set, model, schedules and measures, except settings that
    `[space]` varies. `fingerprint` is the digest of the data. If `[space]` varies the data, `fingerprint` is the digest of the
    data with the first value of each setting that varies.

    Raises SweepgdError if a data file or plugin file has changed since the sweep was first run.
    """
    data = dataset_settings(sweep.data)
    if sweep.data.path is not None or "folder" in data:
        if sweep.data.fingerprint not in (None, fingerprint):
            where = sweep.data.path or data["folder"] or sweep.data.name
            raise SweepgdError(
                f"{where} has changed since the sweep was run: remove data.fingerprint to run it with the new data"
            )
        data["fingerprint"] = fingerprint
    model: Model = registry.get("models", sweep.model.name)
    settings = resolve(model.settings, sweep.model.model_extra or {}, "model")
    varied = sweep.space
    data = {key: value for key, value in data.items() if key not in varied.data}
    settings = {key: value for key, value in settings.items() if key not in varied.model}
    chosen = {"objective": objectives[0]} if len(objectives) == 1 else {"objectives": list(objectives)}
    version = {"sampler_version": sweep.search.sampler_version or SAMPLER_VERSION}
    return written_out(sweep).model_copy(
        update={
            "data": sweep.data.model_copy(update=data),
            "model": sweep.model.model_copy(update=settings),
            "search": sweep.search.model_copy(update={"objective": None, "objectives": None} | chosen | version),
            "measure": None if sweep.measure is None else sweep.measure.resolved(),
            "plugins": single_file.digests(sweep.plugins),
        }
    )
