"""Nested tables as one table, whose keys are joined by dots as in `--set`."""

from collections.abc import Mapping
from typing import Any


def dotted(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of nested tables by dotted key, such as "budget.epochs". Each key begins with `prefix`."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= dotted(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found
