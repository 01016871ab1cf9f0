"""TOML within the limits of sweep files: integers of 64 bits, and a bounded nesting of tables and arrays."""

import tomllib
from typing import Any

# The deepest valid entry has about seven levels: four parts of a key, such as `measure.settings.phi.iterations`, and a
# list of tables of lists as its value.
DEEPEST = 16
LARGEST_INTEGER = 2**63 - 1
_TOO_DEEP = f"tables or arrays are nested deeper than {DEEPEST} levels, which no key needs: remove some brackets or dots"
_TOO_LARGE = f"a whole number does not fit in 64 bits, the limit of TOML: give at most {LARGEST_INTEGER}"


def tables(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises ValueError if it is not TOML or exceeds the limits of this module."""
    found = _parsed(text)
    _check("", found)
    return found


def value(text: str, key: str) -> Any:
    """Return the value that a TOML text gives to `key`, a dotted key. Raises ValueError as `tables` does."""
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
    except ValueError:  # Python refuses to convert more than 4,300 digits
        raise ValueError(_TOO_LARGE) from None


def _check(key: str, found: Any) -> None:
    # A stack, because deep nesting would exceed Python's limit of recursion.
    stack = [(key, found, key.count(".") + 1 if key else 0)]
    while stack:
        key, found, depth = stack.pop()
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        if isinstance(found, dict):
            stack += [(f"{key}.{name}".removeprefix("."), inner, depth + 1) for name, inner in found.items()]
        elif isinstance(found, list):
            stack += [(key, inner, depth + 1) for inner in found]
        elif isinstance(found, int) and abs(found) > LARGEST_INTEGER:
            raise ValueError(f"{key}: {_TOO_LARGE}")
