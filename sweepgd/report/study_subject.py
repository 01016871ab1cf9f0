"""The subject of a study in a few words: its model and data, such as "mlp 64 on digits"."""

import json

import pyarrow as pa
import pyarrow.compute as pc


def subject(trials: pa.Table) -> str:
    """Return the models with their hidden layers, and the data. Hidden layers are named if all runs have the same ones."""
    models, data = (" and ".join(map(str, pc.unique(trials[name]).drop_null().to_pylist())) for name in ("model", "data"))
    found = {json.dumps(json.loads(text or "{}").get("hidden")) for text in pc.unique(trials["model_settings"]).to_pylist()}
    hidden = json.loads(found.pop()) if len(found) == 1 else None
    layers = f" {'-'.join(map(str, hidden))}" if isinstance(hidden, list) and hidden else ""
    return models + layers + (f" on {data}" if data not in ("", "none") else "")
