"""The words of one layer, such as "conv 32 5x5 same", as a step of a network. Shapes are in `sweepgd.models.layer_shapes`."""

from dataclasses import dataclass

from sweepgd.core.errors import UsageError, nearest
from sweepgd.models.layer_contract import Layer
from sweepgd.plugins import registry

# The form of each layer. The words before the first capital letter are its name.
FORMS = {
    "conv": "conv FILTERS HEIGHTxWIDTH [stride N] [same|valid]",
    "pool": "pool HEIGHTxWIDTH [stride N] [same|valid]",
    "average": "average HEIGHTxWIDTH [stride N] [same|valid]",
    "global average": "global average",
    "flatten": "flatten",
    "dense": "dense UNITS",
    "relu": "relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "dropout": "dropout SHARE",
    "batch norm": "batch norm",
    "layer norm": "layer norm",
    "residual": "residual FILTERS [stride N]",
}
MEANINGS = {
    "conv": "convolution; valid means without padding and is the default, same pads with zeros; stride 1 unless given",
    "pool": "largest value of each window; the stride of a square window is its side unless given",
    "average": "mean of each window, of the pixels inside of the image; stride and padding as in pool",
    "global average": "mean of each channel",
    "flatten": "one row of the values of an image, in the order height, width, channel; dense does it too",
    "dense": "fully connected layer",
    "relu": "activation max(0, z) of the outputs of the layer before it",
    "tanh": "activation tanh z, as relu",
    "sigmoid": "activation 1/(1 + e^−z), as relu",
    "dropout": "zeros for this share of the values in training, the others divided by 1 − SHARE (Srivastava et al. 2014)",
    "batch norm": "normalization of each channel over the batch (Ioffe & Szegedy 2015); running statistics in evaluations",
    "layer norm": "normalization over all values of an image or a row (Ba et al. 2016), scale and shift for each channel",
    "residual": "basic block of two 3x3 convolutions with batch norm, and relu (He et al. 2016)",
}
_COUNTED = {"conv": "filters", "dense": "units", "residual": "filters"}
_WINDOWED = ("conv", "pool", "average")
# The largest number in a layer. Larger layers would be far beyond the memory of any machine.
LARGEST = 10**6


@dataclass(frozen=True)
class Step:
    """One layer as it is written: `number`, counted from 1, and `text`. What a layer does not have is 0 or False."""

    number: int
    text: str
    name: str
    count: int = 0
    window: tuple[int, int] = (0, 0)
    stride: int = 0
    same: bool = False
    share: float = 0.0
    plugin: Layer | None = None
    numbers: tuple[float, ...] = ()

    def fault(self, problem: str) -> UsageError:
        """Return an error that names the layer."""
        return fault(self.number, self.text, problem)


def fault(number: int, text: str, problem: str) -> UsageError:
    """Return an error about layer `number`, which is written as `text`."""
    return UsageError(f"layer {number}, {text!r}: {problem}")


def step_of(number: int, text: str) -> Step:
    """Return the step that a text describes. Raise UsageError if the text is neither in one of FORMS nor a layer of
    a plugin.
    """
    words = text.split()
    name = next((name for name in FORMS if words[: name.count(" ") + 1] == name.split()), None)
    if name is None:
        plugins = registry.names("layers")
        if words and words[0] in plugins:
            return _plugin_step(number, text, registry.get("layers", words[0]), words[1:])
        named = " ".join(word for word in words[:2] if not word[0].isdigit())
        raise fault(number, text, f"no such layer: {nearest(named, [*FORMS, *plugins])}")
    return _Words(number, text, name, words[name.count(" ") + 1 :]).step()


def _plugin_step(number: int, text: str, layer: Layer, words: list[str]) -> Step:
    """Return the step of a layer of a plugin, with its default numbers in place of those that are not written."""
    if len(words) > len(layer.settings):
        raise fault(number, text, f"{words[len(layer.settings)]!r} is not part of this layer: write {layer.form!r}")
    numbers = [setting.default for setting in layer.settings]
    for at, (word, setting) in enumerate(zip(words, layer.settings, strict=False)):
        try:
            value = int(word) if word.lstrip("-").isdecimal() else float(word)
        except ValueError:
            raise fault(number, text, f"{setting.name} is {word!r}, not a number: write {layer.form!r}") from None
        numbers[at] = setting.check(value, f"layer {number}, {text!r}:")
    return Step(number, text, layer.name, plugin=layer, numbers=tuple(numbers))


class _Words:
    """The words of a layer after its name, which are taken one after another."""

    def __init__(self, number: int, text: str, name: str, words: list[str]) -> None:
        self._number, self._text, self._name, self._words = number, text, name, words

    def step(self) -> Step:
        name = self._name
        count = self._whole(f"number of {_COUNTED[name]}") if name in _COUNTED else 0
        window = self._window() if name in _WINDOWED else (0, 0)
        share = self._share() if name == "dropout" else 0.0
        stride, padding = 0, ""
        while self._words:
            word = self._words.pop(0)
            if word == "stride" and "stride" in FORMS[name] and not stride:
                stride = self._whole("stride")
            elif word in ("same", "valid") and "same" in FORMS[name] and not padding:
                padding = word
            else:
                raise self._fault(f"{word!r} is not part of this layer")
        return Step(self._number, self._text, name, count, window, stride, padding == "same", share)

    def _whole(self, what: str) -> int:
        word = self._take(what)
        if not (word.isdecimal() and 1 <= int(word) <= LARGEST):
            raise self._fault(f"the {what} is {word!r}, not a whole number from 1 to {LARGEST}")
        return int(word)

    def _window(self) -> tuple[int, int]:
        word = self._take("size of its window")
        sides = word.split("x")
        if not (len(sides) == 2 and all(side.isdecimal() and 1 <= int(side) <= LARGEST for side in sides)):
            raise self._fault(f"the size {word!r} of its window is not written like 3x3")
        return int(sides[0]), int(sides[1])

    def _share(self) -> float:
        word = self._take("share of values to drop")
        try:
            share = float(word)
        except ValueError:
            share = -1.0
        if not 0.0 <= share < 1.0:
            raise self._fault(f"the share {word!r} is not a number from 0 to below 1")
        return share

    def _take(self, what: str) -> str:
        if not self._words:
            raise self._fault(f"the {what} is missing")
        return self._words.pop(0)

    def _fault(self, problem: str) -> UsageError:
        return fault(self._number, self._text, f"{problem}: write {FORMS[self._name]!r}")
