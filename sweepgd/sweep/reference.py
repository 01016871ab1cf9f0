"""The reference of sweep files, generated from the classes that validate them by `python -m sweepgd.sweep.reference`."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.data import DataSpec
from sweepgd.models.layer_text import FORMS, MEANINGS
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.claim_spec import ClaimSpec
from sweepgd.sweep.entries import Range
from sweepgd.sweep.spec import ModelSpec, PointSpec, RecordSpec, SearchSpec, SpaceSpec, Sweep

TABLES: dict[str, type[BaseModel]] = {
    "data": DataSpec,
    "model": ModelSpec,
    "budget": Budget,
    "space": SpaceSpec,
    "search": SearchSpec,
    "record": RecordSpec,
    "measure": MeasureSpec,
    "points": PointSpec,
    "claims": ClaimSpec,
}


def reference() -> str:
    """Return Markdown with a section for each table of a sweep file. Each key has a row with its default and meaning."""
    plain = [name for name in Sweep.model_fields if name not in TABLES]
    parts = [
        "# Sweep file reference\n",
        "Generated from the classes that validate a sweep file, by `python -m sweepgd.sweep.reference`. `sweepgd list` shows "
        "the settings of"
        " optimizers, schedules, models and data sets.\n",
        _section("Top level", "", {name: Sweep.model_fields[name] for name in plain}),
        *(_section(f"`[{name}]`", _doc(kind), kind.model_fields) for name, kind in TABLES.items()),
        _section("A range", _doc(Range), Range.model_fields),
        _layers(),
    ]
    return "\n".join(parts)


def _layers() -> str:
    """Return the section about the layers that `model.layers` may have."""
    lines = [
        "## Layers\n",
        "The texts in `layers` of the model `cnn`. Words in capitals are numbers, and words in brackets may be left out.\n",
        *("| layer | meaning |", "|---|---|"),
    ]
    lines += [f"| `{form}` | {MEANINGS[name]} |".replace("[same|valid]", "[same\\|valid]") for name, form in FORMS.items()]
    return "\n".join(lines) + "\n"


def _doc(kind: type[BaseModel]) -> str:
    about, _, _ = " ".join((kind.__doc__ or "").split()).partition(" Raises ")  # errors concern callers only
    return about


def _section(title: str, about: str, fields: dict[str, FieldInfo]) -> str:
    lines = [f"## {title}\n"]
    if about:
        lines.append(f"{about}\n")
    lines += ["| key | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {_default(field)} | {_meaning(field)} |" for name, field in fields.items()]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default in ({}, [], "") or isinstance(default, BaseModel):
        return ""
    return f"`{json.dumps(default)}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
