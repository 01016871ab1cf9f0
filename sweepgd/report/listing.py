"""What `sweepgd list` shows: every installed optimizer, schedule, model, data set or sweep, and where it comes from."""

import tomllib
from importlib.metadata import version
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sweepgd import registry
from sweepgd.schedules import BATCH_SCHEDULES
from sweepgd.setting import Setting

KINDS = ("optimizers", "schedules", "models", "datasets", "sweeps")


def listing(kind: str) -> list[dict[str, Any]]:
    """A row for each thing of one kind, for tables and for JSON. A plugin that does not load is listed with its error."""
    if kind == "sweeps":
        return _sweeps()
    entries = registry.entries(kind)
    if kind == "schedules":
        own = version("sweepgd")
        entries += [registry.Entry(f"{name} (batch size)", "sweepgd", own, rule) for name, rule in BATCH_SCHEDULES.items()]
    return [_row(kind, entry) for entry in entries]


def _row(kind: str, entry: registry.Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"name": entry.name, "distribution": f"{entry.distribution} {entry.version}"}
    if entry.error is not None:
        return row | {"settings": [], "about": "", "error": entry.error}
    thing = entry.thing
    settings = list(thing.hyperparameters) if kind == "optimizers" else list(thing.settings)
    about = thing.paper if kind == "optimizers" else thing.description + (f" ({thing.source})" if thing.source else "")
    if kind == "optimizers":
        settings.insert(0, thing.learning_rate)
    return row | {"settings": [_setting(setting) for setting in settings], "about": about, "error": None}


def _setting(setting: Setting) -> dict[str, Any]:
    default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    return {
        "name": setting.name,
        "default": default,
        "low": setting.low,
        "high": setting.high,
        "log": setting.log,
        "choices": list(setting.choices),
        "meaning": setting.meaning,
    }


def _sweeps() -> list[dict[str, Any]]:
    from sweepgd.sweep import bundled

    rows = []
    for name, path in bundled().items():
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        rows.append(
            {
                "name": name,
                "distribution": "sweepgd",
                "settings": [],
                "about": table.get("description", ""),
                "error": None,
            }
        )
    return rows


def table(kind: str, rows: list[dict[str, Any]]) -> Table:
    """The rows as a table for the terminal."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    shown.add_column("name", no_wrap=True)
    if kind != "sweeps":
        shown.add_column("from")
        shown.add_column("settings: default [search range]", min_width=30)
    shown.add_column("about")
    for row in rows:
        about = row["about"] if row["error"] is None else f"does not load: {row['error']}"
        cells = [row["name"], about]
        if kind != "sweeps":
            cells[1:1] = [row["distribution"], "\n".join(_setting_text(setting) for setting in row["settings"])]
        shown.add_row(*map(Text, cells))  # brackets are no markup here
    return shown


def _setting_text(setting: dict[str, Any]) -> str:
    default = setting["default"]
    text = f"{setting['name']}: {f'{default:g}' if isinstance(default, float) else default}"
    if setting["choices"]:
        return f"{text} [{', '.join(str(choice) for choice in setting['choices'])}]"
    if setting["low"] is not None:
        text += f" [{setting['low']:g} … {setting['high']:g}{', log' if setting['log'] else ''}]"
    return text
