"""Networks of layers for the kernel tests: their tables, built from short descriptions, and the results of plain NumPy."""

from dataclasses import dataclass

import numpy as np

from sweepgd.core.layout import BIAS, SCALE, WEIGHT, Tensor, layout_of, parameter_count
from sweepgd.kernels import signatures
from sweepgd.kernels.layers import layer_table as at
from sweepgd.kernels.layers import layered_network
from sweepgd.kernels.layers.derivative_offsets import place_derivatives
from sweepgd.kernels.losses import SOFTMAX


@dataclass(frozen=True)
class Value:
    """A layer's output: its offset for one image, and its shape."""

    offset: int
    shape: tuple[int, int, int]


class Network:
    """A table of layers that is filled one layer after another, with the layout of its tensors.

    `images` is (height, width, channels). The methods take the input of a layer, and return its output.
    """

    def __init__(self, images, *, loss=SOFTMAX, chunk=4, normalized=False, augment=(0, 0, 0)) -> None:
        self.images, self._loss, self._chunk, self._normalized, self._augment = images, loss, chunk, normalized, augment
        self.rows, self.tensors, self._largest = [], [], 0
        self._values, self._buffers = int(np.prod(images)), 2 * int(np.prod(images)) * normalized

    @property
    def start(self) -> Value:
        return Value(0, self.images)

    def add(self, kind, given, shape, activation=at.IDENTITY, **columns) -> Value:
        row = np.zeros(at.COLUMNS)
        row[[at.KIND, at.INPUT, at.OUTPUT, at.ACTIVATION]] = kind, given.offset, self._values, activation
        row[[at.HEIGHT, at.WIDTH, at.CHANNELS]] = given.shape
        row[[at.OUT_HEIGHT, at.OUT_WIDTH, at.OUT_CHANNELS]] = shape
        for name, number in columns.items():
            row[getattr(at, name)] = number
        self.rows.append(row)
        output = Value(self._values, shape)
        self._values += int(np.prod(shape))
        return output

    def _window(self, given, height, width, stride, padding):
        shape = tuple(
            (size + 2 * padding - kernel) // stride + 1 for size, kernel in zip(given.shape[:2], (height, width), strict=True)
        )
        padded = [(out - 1) * stride + kernel for out, kernel in zip(shape, (height, width), strict=True)]
        self._largest = max(self._largest, np.prod(padded) * given.shape[2])
        window = {"KERNEL_HEIGHT": height, "KERNEL_WIDTH": width, "STRIDE": stride, "PAD_TOP": padding, "PAD_LEFT": padding}
        return shape, window

    def _tensors(self, *tensors) -> int:
        self.tensors += tensors
        return len(self.tensors) - len(tensors)

    def conv(self, given, filters, height, width, stride=1, padding=0, activation=at.RELU) -> Value:
        shape, window = self._window(given, height, width, stride, padding)
        fan_in = height * width * given.shape[2]
        weights = Tensor((height, width, given.shape[2], filters), WEIGHT, fan_in, filters)
        tensor = self._tensors(weights, Tensor((filters,), BIAS, fan_in, filters))
        return self.add(at.CONVOLUTION, given, (*shape, filters), activation, TENSOR=tensor, **window)

    def pool(self, given, height, width, stride=1, padding=0, kind=at.MAX_POOL) -> Value:
        shape, window = self._window(given, height, width, stride, padding)
        return self.add(kind, given, (*shape, given.shape[2]), **window)

    def dense(self, given, outputs, activation=at.IDENTITY) -> Value:
        fan_in = int(np.prod(given.shape))
        tensor = self._tensors(Tensor((fan_in, outputs), WEIGHT, fan_in, outputs), Tensor((outputs,), BIAS, fan_in, outputs))
        return self.add(at.DENSE, given, (1, 1, outputs), activation, TENSOR=tensor)

    def norm(self, given, kind, activation=at.IDENTITY) -> Value:
        channels, buffer = given.shape[2], self._buffers
        tensor = self._tensors(Tensor((channels,), SCALE, channels, channels), Tensor((channels,), BIAS, channels, channels))
        self._buffers += 2 * channels * (kind == at.BATCH_NORM)
        return self.add(kind, given, given.shape, activation, TENSOR=tensor, BUFFER=buffer)

    def dropout(self, given, share) -> Value:
        return self.add(at.DROPOUT, given, given.shape, DROPPED=share)

    def activate(self, given, activation) -> Value:
        return self.add(at.ACTIVATE, given, given.shape, activation)

    def sum(self, first, second, activation=at.RELU) -> Value:
        return self.add(at.SUM, first, first.shape, activation, SECOND_INPUT=second.offset)

    @property
    def settings(self) -> np.ndarray:
        header = np.zeros(at.HEADER)
        header[[at.LOSS, at.LAYERS, at.VALUES]] = self._loss, len(self.rows), self._values
        header[[at.CHUNK, at.NORMALIZED, at.LARGEST]] = self._chunk, self._normalized, self._largest
        header[[at.CROP, at.FLIP, at.CUTOUT]] = self._augment
        settings = np.concatenate([header, *self.rows])
        place_derivatives(settings)
        return settings

    @property
    def layout(self) -> np.ndarray:
        return layout_of(self.tensors)

    @property
    def parameters(self) -> int:
        return parameter_count(self.layout)

    @property
    def buffers(self) -> np.ndarray:
        """Running means 0 and variances 1."""
        running = [np.repeat([0.0, 1.0], int(row[at.CHANNELS])) for row in self.rows if row[at.KIND] == at.BATCH_NORM]
        return np.concatenate([np.zeros(0), *running])


class Calls:
    """The compiled kernels of a network on given rows, with memory full of NaN."""

    def __init__(self, network: Network, inputs, targets, dtype: str = "float64", buffers=None) -> None:
        self.network, self.dtype = network, dtype
        self.inputs, self.targets = np.ascontiguousarray(inputs, dtype), np.ascontiguousarray(targets, dtype)
        self.buffers = (network.buffers if buffers is None else buffers).astype(dtype)
        self._table = network.layout, network.settings

    def _work(self, rows: int) -> np.ndarray:
        return np.full(layered_network.workspace(self.network.settings, rows), np.nan, self.dtype)

    def _kernel(self, kind: str):
        return signatures.compiled(kind, getattr(layered_network, kind), self.dtype)

    def gradient(self, weights, rows=None, *, training=True, key=0):
        rows = np.arange(len(self.inputs)) if rows is None else np.asarray(rows)
        out = np.full(self.network.parameters, np.nan, self.dtype)
        loss = self._kernel("gradient")(
            weights.astype(self.dtype), self.buffers, self.inputs, self.targets, rows, *self._table, key, training,
            self._work(len(rows)), out,
        )  # fmt: skip
        return loss, out

    def evaluate(self, weights):
        arrays = weights.astype(self.dtype), self.buffers, self.inputs, self.targets
        return self._kernel("evaluate")(*arrays, *self._table, self._work(1))

    def evaluate_with_gradient(self, weights):
        arrays = weights.astype(self.dtype), self.buffers, self.inputs, self.targets
        out = np.full(self.network.parameters, np.nan, self.dtype)
        return *self._kernel("evaluate_with_gradient")(*arrays, *self._table, self._work(1), out), out

    def predict(self, weights):
        outputs = np.full((len(self.inputs), int(self.network.rows[-1][at.OUT_CHANNELS])), np.nan, self.dtype)
        arrays = weights.astype(self.dtype), self.buffers, self.inputs
        self._kernel("predict")(*arrays, *self._table, self._work(1), outputs)
        return outputs
