"""The JSON schema of sweep files, for editors. The schema comes from the classes that validate sweep files, and from the
settings of all installed plugins. A search refuses every file that the schema refuses. A search also refuses other files, for
example files with keys that contradict each other.
"""

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from sweepgd.core.setting import Setting
from sweepgd.curvature.catalogue import MEASURES
from sweepgd.data import DataSpec
from sweepgd.data.spec_checks import FILE_KEYS
from sweepgd.data.variable_settings import VARIABLE
from sweepgd.execution.pruners import RUNGS
from sweepgd.plugins import registry
from sweepgd.schedules import BATCH_SCHEDULES
from sweepgd.study.samplers import NAMES as SAMPLERS
from sweepgd.sweep import Sweep
from sweepgd.sweep.spec import OBJECTIVES, ModelSpec

Schema = dict[str, Any]
# The name of the file that `sweepgd init` writes beside a sweep, and the line with which editors find it (Taplo, Tombi).
FILE = "sweepgd.schema.json"
LINE = f"#:schema ./{FILE}\n"
# An identifier that is no address: nothing is fetched.
IDENTIFIER = "urn:sweepgd:sweep-file"
DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest one that both Taplo and Tombi know


def sweep_schema() -> Schema:
    """Return the schema as JSON values. Plugins of single files are included while they are registered."""
    schema = _plain(Sweep.model_json_schema(ref_template="#/definitions/{model}"))
    tables = schema["definitions"] = schema.pop("$defs")
    keys = {name: table["properties"] for name, table in tables.items()}

    optimizers = {name: (plugin.learning_rate, *plugin.hyperparameters) for name, plugin in _loaded("optimizers")}
    kinds: dict[str, Mapping[str, Iterable[Setting]]] = {
        "optimizer": _all("optimizers", optimizers),
        "schedule": _all("schedules", {name: plugin.settings for name, plugin in _loaded("schedules")}),
        "batch_schedule": {name: plugin.settings for name, plugin in BATCH_SCHEDULES.items()},
    }
    for kind, plugins in kinds.items():
        about = {"description": schema["properties"][kind]["description"]}
        own = {name: _table(settings, _entry) for name, settings in plugins.items()}
        schema["properties"][kind] = about | {"type": "object", "properties": own, "additionalProperties": False}
        names = {"enum": sorted(plugins)}
        keys["SpaceSpec"][kind] = _described(keys["SpaceSpec"][kind], {"anyOf": [names, _list(names)]})
        keys["PointSpec"][kind] = _described(keys["PointSpec"][kind], names)

    size: Schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}
    sizes = [*size["anyOf"], _list(size), {"$ref": "#/definitions/Range"}]
    keys["SpaceSpec"]["batch_size"] = _described(keys["SpaceSpec"]["batch_size"], {"anyOf": sizes})
    keys["PointSpec"]["batch_size"] = _described(keys["PointSpec"]["batch_size"], size)

    models = _all("models", {name: plugin.settings for name, plugin in _loaded("models")})
    data = _all("datasets", {name: plugin.settings for name, plugin in _loaded("datasets")})
    _named(tables["ModelSpec"], models, list(ModelSpec.model_fields), default="mlp")
    of_all = [key for key in DataSpec.model_fields if key not in FILE_KEYS]
    _named(tables["DataSpec"], data, [*of_all, "fingerprint"])  # `search` writes a fingerprint for a data set's folder
    tables["DataSpec"]["allOf"].append(
        {"if": {"required": ["path"]}, "then": {"propertyNames": {"enum": [*DataSpec.model_fields]}}}
    )
    tables["DataSpec"] |= {"oneOf": [{"required": ["name"]}, {"required": ["path"]}], "dependencies": {"path": ["task"]}}
    for kind, known in (("model", _names(models.values())), ("data", _names([VARIABLE.values(), *data.values()]))):
        for table in ("SpaceSpec", "PointSpec"):
            keys[table][kind]["propertyNames"] = {"enum": known}

    keys["SearchSpec"]["sampler"]["enum"], keys["SearchSpec"]["pruner"]["enum"] = list(SAMPLERS), list(RUNGS)
    keys["SearchSpec"]["objective"]["enum"] = list(OBJECTIVES)
    keys["SearchSpec"]["objectives"]["items"] = {"enum": list(OBJECTIVES)}
    tables["Budget"]["oneOf"] = [{"required": [name]} for name in ("epochs", "updates", "samples", "seconds")]
    keys["MeasureSpec"]["measures"]["items"] = {"enum": list(MEASURES)}
    keys["MeasureSpec"]["settings"] |= _closed({name: _table(each.settings, _value) for name, each in MEASURES.items()})
    schema["properties"]["measure"] = {"anyOf": [schema["properties"]["measure"], {"const": False}]}
    return {"$schema": DRAFT, "$id": IDENTIFIER} | schema | {"title": "A sweep of sweepgd"}


def schema_text() -> str:
    """Return the schema as the content of a file."""
    return json.dumps(sweep_schema(), indent=1, ensure_ascii=False) + "\n"


def write_beside(sweep: Path) -> Path | None:
    """Write the schema to FILE beside a sweep file, and return its path.

    An earlier schema is replaced. Return None if FILE exists but is not such a schema, or if the folder cannot be written.
    """
    path = sweep.with_name(FILE)
    try:
        if path.exists() and json.loads(path.read_text(encoding="utf-8")).get("$id") != IDENTIFIER:
            return None
        path.write_text(schema_text(), encoding="utf-8")
    except (OSError, ValueError, AttributeError):
        return None
    return path


def _loaded(kind: str) -> list[tuple[str, Any]]:
    """Return the plugins of one kind that load without an error. `sweepgd list` also shows the other plugins, with their
    errors.
    """
    return [(entry.name, entry.thing) for entry in registry.entries(kind) if entry.error is None]


def _all(kind: str, settings: Mapping[str, Iterable[Setting]]) -> dict[str, Iterable[Setting]]:
    """Return the settings of all plugins of one kind, by plugin. A plugin that does not load has no settings."""
    return {name: settings.get(name, ()) for name in registry.names(kind)}


def _names(groups: Iterable[Iterable[Setting]]) -> list[str]:
    return sorted({setting.name for group in groups for setting in group})


def _named(table: Schema, plugins: Mapping[str, Iterable[Setting]], fields: list[str], default: str = "") -> None:
    """Add the settings of all models or all data sets to the schema of `[model]` or `[data]`. `fields` are the table's keys
    that are not such settings. The settings of a model or data set are valid only together with its name.
    """
    table["properties"]["name"]["enum"] = sorted(plugins)
    table["additionalProperties"] = True
    table["allOf"] = []
    for name, settings in plugins.items():
        own = {setting.name: _value(setting) for setting in settings if setting.name not in fields}
        is_named: Schema = {"properties": {"name": {"const": name}}} | ({} if name == default else {"required": ["name"]})
        then = {"properties": own, "propertyNames": {"enum": [*fields, *own]}}
        table["allOf"].append({"if": is_named, "then": then})
        for key, value in own.items():  # for editors that do not know "if"; the conditions refuse more
            table["properties"].setdefault(key, {"description": value["description"]} if "description" in value else {})


def _table(settings: Iterable[Setting], form: Any) -> Schema:
    return {"type": "object"} | _closed({setting.name: form(setting) for setting in settings})


def _closed(properties: Schema) -> Schema:
    return {"properties": properties, "additionalProperties": False}


def _list(value: Schema) -> Schema:
    return {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}


def _value(setting: Setting) -> Schema:
    """Return the schema of the values that `Setting.check` accepts for a setting."""
    about: Schema = {"description": setting.meaning}
    if setting.choices:
        return about | {"enum": list(setting.choices)}
    if isinstance(setting.default, bool):
        return about | {"type": "boolean"}
    if isinstance(setting.default, str):
        return about | {"type": "string"}
    if setting.lists_texts:
        return about | {"type": "array", "items": {"type": "string"}}
    sample = setting.default[0] if isinstance(setting.default, tuple) and setting.default else setting.default
    number: Schema = {"type": "integer" if isinstance(sample, int) else "number"}
    if isfinite(setting.minimum):
        number["minimum"] = setting.minimum
    if isfinite(setting.maximum):
        number["exclusiveMaximum" if setting.open_maximum else "maximum"] = setting.maximum
    return about | ({"type": "array", "items": number} if isinstance(setting.default, tuple) else number)


def _entry(setting: Setting) -> Schema:
    """Return the schema of an entry of the space for a setting: a value, a list of values, a range, or "search"."""
    value = _value(setting)
    about = {"description": value.pop("description")}
    forms = [value, _list(value)]
    if not (setting.choices or isinstance(setting.default, bool | str | tuple)):
        forms.append({"$ref": "#/definitions/Range"})
    if setting.choices or setting.low is not None:
        forms.append({"const": "search"})
    return about | {"anyOf": forms}


def _described(before: Schema, schema: Schema) -> Schema:
    return {key: before[key] for key in ("description", "default") if key in before} | schema


def _plain(schema: Any) -> Any:
    """Return a schema of pydantic without null, which TOML does not have, and without titles, because titles repeat keys."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    found = {key: _plain(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if found.get("default", 0) is None:
        del found["default"]
    if len(found.get("anyOf", ())) == 1:
        found |= found.pop("anyOf")[0]
    return found
