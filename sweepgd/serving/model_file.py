"""Model files: an NPZ archive of plain arrays, with a JSON header. A model file holds no pickled objects and no code."""

import json
from pathlib import Path
from shlex import quote
from typing import Any
from zipfile import is_zipfile

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.layout import COLUMNS, parameter_count
from sweepgd.data.npz import read_all
from sweepgd.record.atomic_files import atomic_replacement, writing
from sweepgd.serving.model_header import FORMAT, FORMAT_VERSION, ModelHeader
from sweepgd.serving.trained_model import Model

# The optional arrays: mean and scale of the inputs and of the targets.
SCALINGS = {"scaling": ("mean", "scale"), "target_scaling": ("target_mean", "target_scale")}


def write_model(model: Model, path: Path) -> None:
    """Write a model to `.npz` or `.onnx`. Raises SweepgdError if the file cannot be written, UsageError for another suffix."""
    if path.suffix == ".onnx":
        from sweepgd.serving.onnx_graph import onnx_bytes

        content = onnx_bytes(model)
    elif path.suffix != ".npz":
        raise UsageError(f"{path}: a model file ends in .npz or .onnx")
    with writing(path), atomic_replacement(path) as temporary, temporary.open("wb") as file:
        if path.suffix == ".onnx":
            file.write(content)
        else:
            np.savez(file, allow_pickle=False, **arrays_of(model))


def arrays_of(model: Model) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a model file by name. `header` is the UTF-8 text of the header."""
    header = json.dumps(model.header.model_dump(mode="json"), sort_keys=True)
    arrays = {"header": np.frombuffer(header.encode(), np.uint8), "parameters": model.parameters, "layout": model.layout}
    for field, names in SCALINGS.items():
        scaling = getattr(model, field)
        arrays |= {} if scaling is None else dict(zip(names, scaling, strict=True))
    return arrays


def read_model(path: Path) -> Model:
    """Return the model in an NPZ file. Raises SweepgdError if the file is damaged, of a newer format, or not a model."""
    if (path / "sweep.toml").is_file():
        raise UsageError(f"{path} is a study: write its best model with sweepgd export {quote(str(path))} -o model.npz first")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: give a model file, which sweepgd export DIR -o FILE.npz writes")
    if not path.is_file():
        raise UsageError(f"no such file: {path}: sweepgd export DIR -o FILE.npz writes one")
    if path.suffix == ".onnx":
        raise UsageError(f"{path}: ONNX files are for other programs: give the .npz file of the same model")
    if not is_zipfile(path):  # also of a file that ends early, because the directory of an archive is at its end
        raise SweepgdError(f"{path} is not a model of sweepgd, or is incomplete: sweepgd export DIR -o FILE.npz writes one")
    arrays = read_all(path)
    header = _header(path, arrays)
    try:
        parameters, layout = arrays["parameters"], arrays["layout"]
        scalings: dict[str, Any] = {
            field: tuple(arrays[name] for name in names) for field, names in SCALINGS.items() if names[0] in arrays
        }
        count = {"scaling": len(header.inputs), "target_scaling": len(header.targets)}
        whole = (
            header.consistent
            and parameters.dtype == header.dtype
            and layout.dtype == "int64"
            and layout.shape[1:] == (COLUMNS,)
            and parameters.ndim == 1
            and len(parameters) >= parameter_count(layout)
            and bool(np.isfinite(parameters).all())
            and all(
                array.dtype == np.float64 and array.shape == (count[field],) and bool(np.isfinite(array).all())
                for field, scaling in scalings.items()
                for array in scaling
            )
            and all(bool((scale > 0).all()) for _, scale in scalings.values())
        )
    except KeyError as error:
        raise SweepgdError(f"{path} is damaged: it has no array {error}; export the model again") from error
    if not whole:
        raise SweepgdError(f"{path} is damaged: its parts do not fit together; export the model again")
    model = Model(header, parameters, layout, **scalings)
    _ = model.architecture  # raises an error now for a model that is not installed
    return model


def _header(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> ModelHeader:
    try:
        table = json.loads(arrays["header"].tobytes().decode())
        known = table["format"] == FORMAT
        version = int(table["version"])
    except (KeyError, TypeError, ValueError, RecursionError):
        known = False
    if not known:
        raise SweepgdError(f"{path} is not a model of sweepgd: sweepgd export DIR -o FILE.npz writes one")
    if version > FORMAT_VERSION:
        raise SweepgdError(
            f"{path} has format version {version}, and this sweepgd reads versions up to {FORMAT_VERSION}: install a "
            "newer sweepgd"
        )
    try:
        return ModelHeader.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise SweepgdError(f"{path} is damaged: {key or 'the header'}: {first['msg']}; export the model again") from error
