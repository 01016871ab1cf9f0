"""TOML as sweep files may use it: numbers of 64 bits, and tables and arrays that are nested no deeper than any key is."""

import tomllib
from typing import Any

# `measure.settings.phi.iterations` has four parts, and a value may be a list of tables of lists.
DEEPEST = 16
LARGEST_INTEGER = 2**63 - 1
_TOO_DEEP = f"tables or arrays are nested deeper than {DEEPEST}, as no key takes them"
_TOO_LARGE = f"a whole number is beyond 64 bits, the most that TOML has: give one of at most {LARGEST_INTEGER}"


def tables(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raise ValueError where it is not TOML, or goes beyond these limits."""
    found = _parsed(text)
    _check("", found)
    return found


def value(text: str, key: str) -> Any:
    """The value that a TOML text is, for a key. Raise ValueError as `tables` does."""
    found = _parsed(f"value = {text}")["value"]
    _check(key, found)
    return found


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:  # of more than 4,300 digits, Python's own limit
        raise ValueError(_TOO_LARGE) from None


def _check(key: str, found: Any) -> None:
    waiting = [(key, found, key.count(".") + 1 if key else 0)]
    while waiting:
        key, found, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        if isinstance(found, dict):
            waiting += [(f"{key}.{name}".removeprefix("."), inner, depth + 1) for name, inner in found.items()]
        elif isinstance(found, list):
            waiting += [(key, inner, depth + 1) for inner in found]
        elif isinstance(found, int) and abs(found) > LARGEST_INTEGER:
            raise ValueError(f"{key}: {_TOO_LARGE}")
