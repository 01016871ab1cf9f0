"""The contract of a layer that a plugin adds to networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import Tensor
from sweepgd.core.setting import Setting
from sweepgd.core.setting import fault as settings_fault
from sweepgd.kernels import signatures
from sweepgd.kernels.layers.layer_table import MOST_NUMBERS

Image = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer, as provided by an entry point of the group `sweepgd.layers`.

    Its text in a list of layers is its name, one word, followed by the values of `settings`, at most 4 numbers. Shapes are
    (height, width, channels), with height and width 1 for a flat row of values. `output_shape(shape, *numbers)` returns the
    shape of the output for the shape of the input, and `tensors(shape, *numbers)` the tensors of the parameters, maybe none.

    `forward(parameters, x, y, height, width, channels, numbers, key, training)` writes the outputs to y, (rows, outputs), for
    inputs x, (rows, inputs). `backward(parameters, x, y, dy, dx, dparameters, height, width, channels, numbers, key, training)`
    adds the derivatives of the loss to dx and dparameters. Both are compiled with Numba for float32 and float64. With
    `differs_in_training`, the outputs depend on `key` or `training`.
    """

    name: str
    output_shape: Callable[..., Image]
    tensors: Callable[..., Sequence[Tensor]]
    forward: Callable[..., None]
    backward: Callable[..., None]
    settings: tuple[Setting, ...] = ()
    description: str = ""
    source: str = ""
    differs_in_training: bool = False

    @property
    def form(self) -> str:
        """The text of the layer with the names of its numbers."""
        return " ".join([self.name, *(f"[{setting.name.upper()}]" for setting in self.settings)])


def fault(layer: Layer) -> str | None:
    """Return the first fault of a declaration, in words that follow the plugin's name, or None."""
    from sweepgd.models.layer_text import FORMS

    for field in ("description", "source"):
        if not isinstance(text := getattr(layer, field), str):
            return f"has the {field} {text!r}: give a text"
    if not layer.name.isidentifier() or layer.name in {form.split()[0] for form in FORMS}:
        return f"has the name {layer.name!r}: give one word of letters and digits that no other layer begins with"
    if (found := settings_fault(layer.settings, "settings")) is not None:
        return found
    if len(layer.settings) > MOST_NUMBERS:
        return f"has {len(layer.settings)} settings: a layer has at most {MOST_NUMBERS}"
    if any(isinstance(setting.default, bool) or not isinstance(setting.default, int | float) for setting in layer.settings):
        return "has a setting that is not a number: give numbers as defaults"
    return signatures.parameter_fault("forward", layer.forward) or signatures.parameter_fault("backward", layer.backward)


def shapes_of(layer: Layer, shape: Image, numbers: Sequence[float]) -> tuple[Image, tuple[Tensor, ...]]:
    """Return the shape of the output and the tensors of a layer. Raise SweepgdError if they are not valid."""
    given: Any = layer.output_shape(shape, *numbers)
    if not (isinstance(given, tuple) and len(given) == 3 and all(map(_is_side, given))):
        raise SweepgdError(f"its output_shape returns {given!r}, not three whole numbers above 0")
    tensors: Any = tuple(layer.tensors(shape, *numbers))
    if not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise SweepgdError("its function tensors returns something that is not a Tensor")
    height, width, channels = map(int, given)
    return (height, width, channels), tensors


def _is_side(value: Any) -> bool:
    """Return True for a whole number above 0, also for one of NumPy, but not for a truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0
