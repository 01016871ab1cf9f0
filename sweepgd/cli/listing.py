"""The listings of `sweepgd list`: installed plugins of a kind with their distributions, sweeps, and measures."""

import tomllib
from importlib.metadata import version
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sweepgd.core.setting import Setting
from sweepgd.curvature.catalogue import MEASURES
from sweepgd.plugins import registry
from sweepgd.schedules import BATCH_SCHEDULES

# Wide enough that a learning rate or a range is shown in one line.
WIDEST_SETTINGS = 48


def listing(kind: str) -> list[dict[str, Any]]:
    """Return one row per entry of a kind, for tables and JSON. If a plugin fails to load, `error` holds the message."""
    if kind == "sweeps":
        return _sweeps()
    if kind == "measures":
        own = version("sweepgd")
        return [_row(kind, registry.Entry(name, "sweepgd", own, measure)) for name, measure in MEASURES.items()]
    entries = registry.entries(kind)
    if kind == "schedules":
        own = version("sweepgd")
        entries += [registry.Entry(f"{name} (batch size)", "sweepgd", own, rule) for name, rule in BATCH_SCHEDULES.items()]
    return [_row(kind, entry) for entry in entries]


def _row(kind: str, entry: registry.Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"name": entry.name, "distribution": entry.distribution, "version": entry.version}
    if entry.error is not None:
        return row | {"settings": [], "about": "", "error": entry.error}
    plugin = entry.thing
    settings = list(plugin.hyperparameters) if kind == "optimizers" else list(plugin.settings)
    about = plugin.paper if kind == "optimizers" else plugin.description + (f" ({plugin.source})" if plugin.source else "")
    if kind == "optimizers":
        settings.insert(0, plugin.learning_rate)
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

    own = version("sweepgd")
    rows = []
    for name, path in bundled().items():
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        rows.append(
            {
                "name": name,
                "distribution": "sweepgd",
                "version": own,
                "settings": [],
                "about": table.get("description", ""),
                "run_time": table.get("run_time", ""),
                "requires": table.get("requires", []),
                "error": None,
            }
        )
    return rows


def table(kind: str, rows: list[dict[str, Any]]) -> Table:
    """Return the rows as a terminal table. Its cells are Text, so that brackets are not interpreted as markup."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    shown.add_column("name", no_wrap=True)
    texts = ["\n".join(map(_setting_text, row["settings"])) for row in rows]
    if kind == "sweeps":
        shown.add_column("run time", no_wrap=True)
    else:
        header = "settings: default [search range]"
        lines = [header, *(line for text in texts for line in text.splitlines())]
        shown.add_column(Text(header), width=min(max(map(len, lines)), WIDEST_SETTINGS))
    shown.add_column("paper" if kind == "optimizers" else "about")
    for row, settings in zip(rows, texts, strict=True):
        about = row["error"] or row["about"]
        if row.get("requires"):
            about += f" (requires {', '.join(row['requires'])})"
        name = row["name"] if kind == "sweeps" else f"{row['name']}\n  {row['distribution']} {row['version']}"
        between = row["run_time"] if kind == "sweeps" else settings
        shown.add_row(*map(Text, (name, between, about)))
    return shown


def _setting_text(setting: dict[str, Any]) -> str:
    default = setting["default"]
    text = f"{setting['name']}: {f'{default:g}' if isinstance(default, float) else default}"
    if setting["choices"]:
        return f"{text} [{', '.join(str(choice) for choice in setting['choices'])}]"
    if setting["low"] is not None:
        text += f" [{setting['low']:g} … {setting['high']:g}{', log' if setting['log'] else ''}]"
    return text
