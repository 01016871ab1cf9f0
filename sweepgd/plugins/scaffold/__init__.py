"""Make a new plugin package from the files in `templates`, for an optimizer with a given name."""

import re
from importlib.metadata import version
from pathlib import Path
from string import Template

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.plugins import registry

# The path of each template file in the new folder.
FILES = {
    "pyproject.toml.in": "pyproject.toml",
    "README.md.in": "README.md",
    "rule.py.in": "src/$module/__init__.py",
    "test_rule.py.in": "tests/test_$name.py",
}


def write(name: str, folder: Path) -> list[Path]:
    """Write a package with an optimizer called `name` to the new folder `folder`, and return its files.

    Raises UsageError if the name is invalid or already used, or if the folder exists. Raises SweepgdError if the folder cannot
    be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise UsageError(
            f"{name!r} cannot be the name of an optimizer: use lower-case letters, digits and _, such as 'my_rule'"
        )
    if name in registry.names("optimizers"):
        raise UsageError(f"{registry.origin('optimizers', name)} is installed: choose another name")
    if folder.exists():
        raise UsageError(f"{folder} exists already: choose another name, or another folder")
    words = {
        "name": name,
        "module": f"sweepgd_{name}",
        "distribution": f"sweepgd-{name.replace('_', '-')}",
        "version": ".".join(version("sweepgd").split(".")[:2]),
    }
    written = []
    try:
        for source, target in FILES.items():
            path = folder / Template(target).substitute(words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (Path(__file__).parent / "templates" / source).read_text(encoding="utf-8")
            path.write_text(Template(text).substitute(words), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise SweepgdError(f"cannot write {folder}: {error.strerror}") from error
    return written
