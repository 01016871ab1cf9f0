"""The files of the bundled sweeps."""

from pathlib import Path


def bundled() -> dict[str, Path]:
    """Return the files of the bundled sweeps by name. They are inside the package in a wheel, and beside the package in a
    checkout.
    """
    package = Path(__file__).parents[1]
    folder = package / "_sweeps"
    if not folder.is_dir():
        folder = package.parent / "sweeps"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
