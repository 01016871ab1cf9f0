"""Text and data of users as parts of an HTML page, where they can neither become markup nor end a script."""

import json
from html import escape
from math import isfinite
from typing import Any

from sweepgd.core.errors import printable

# A JSON parser reads these escapes as the characters. `<` could begin `</script>` or `<!--`, at which an HTML parser stops.
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def text(value: object) -> str:
    """Return the text of a value for an element or an attribute in quotes. Control characters are shown as in the terminal."""
    return escape(printable(str(value)), quote=True)


def script_json(value: Any) -> str:
    """Return a value as JSON for a script element, in ASCII. Numbers that are not finite are null."""
    written = json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)
    for character, escaped in _IN_SCRIPT.items():
        written = written.replace(character, escaped)
    return written


def data_script(name: str, value: Any) -> str:
    """Return a script element that holds a value as data, which is not run."""
    return f'<script type="application/json" id="{text(name)}">{script_json(value)}</script>'


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value
