"""Networks of layers: `cnn`, whose layers are a setting, and published networks by name."""

from functools import partial
from typing import Any

from sweepgd.core.setting import Setting
from sweepgd.models.contract import Architecture, Model, Shape
from sweepgd.models.initial import init_settings
from sweepgd.models.layered import network_of
from sweepgd.models.task_loss import LOSS_SETTING

TASKS = ("regression", "classification")
DEFAULT = ("conv 16 3x3 same", "relu", "pool 2x2", "conv 32 3x3 same", "relu", "pool 2x2", "dense 64", "relu")


def _dense_stack(*widths: int) -> tuple[str, ...]:
    return tuple(word for width in widths for word in (f"dense {width}", "batch norm", "relu"))


def _keskar_c1(filters: int, first: int, second: int) -> tuple[str, ...]:
    convolution = (f"conv {filters} 5x5 same", "batch norm", "relu", "pool 3x3 stride 2 same")
    dense = [(*_dense_stack(width), "dropout 0.5") for width in (first, second)]
    return (*convolution, *convolution, *dense[0], *dense[1])


def _cnn(shape: Shape, layers: tuple[str, ...], loss: str, **initial: Any) -> Architecture:
    return network_of("model.layers", layers, shape, loss, **initial)


def _ready(name: str, layers: tuple[str, ...], description: str, source: str, init: str = "he") -> Model:
    return Model(
        name=name,
        tasks=TASKS,
        build=partial(_build, name, layers),
        settings=init_settings(init),
        description=description,
        source=source,
        reads_bytes=True,
    )


def _build(name: str, layers: tuple[str, ...], shape: Shape, **initial: Any) -> Architecture:
    return network_of(f"model {name!r}", layers, shape, **initial)


cnn = Model(
    name="cnn",
    tasks=TASKS,
    build=_cnn,
    settings=(
        Setting("layers", DEFAULT, "the layers, each a text; a dense layer for the outputs follows them"),
        LOSS_SETTING,
        *init_settings("he"),
    ),
    description="network of any layers, such as convolutions, pooling, batch normalization and dropout",
    source="LeCun et al. 1989",
    reads_bytes=True,
)

lenet = _ready(
    "lenet",
    (
        *("conv 6 5x5 same", "tanh", "average 2x2", "conv 16 5x5", "tanh", "average 2x2"),
        *("dense 120", "tanh", "dense 84", "tanh"),
    ),
    "2 convolutions, average pooling, 2 dense layers; unlike in LeNet-5, all maps are connected and averages have no weights",
    "LeCun, Bottou, Bengio & Haffner 1998, section II.B",
    init="xavier",
)

simple_cnn = _ready(
    "simple_cnn",
    ("conv 32 3x3", "relu", "pool 2x2", "conv 64 3x3", "relu", "pool 2x2", "dropout 0.5"),
    "2 convolutions with max pooling and dropout",
    "Chollet 2015, Keras' example Simple MNIST convnet",
)

keskar_f1 = _ready(
    "keskar_f1",
    _dense_stack(512, 512, 512, 512, 512),
    "5 dense layers of 512 with batch normalization",
    "Keskar et al. 2017, arXiv 1609.04836, network F1",
)

keskar_c1 = _ready(
    "keskar_c1",
    _keskar_c1(64, 384, 192),
    "2 convolutions and 2 dense layers with batch normalization and dropout; padding and pooling as in the authors' code",
    "Keskar et al. 2017, arXiv 1609.04836, network C1",
)

keskar_c1_slim = _ready(
    "keskar_c1_slim",
    _keskar_c1(16, 96, 48),
    "keskar_c1 with a quarter of its filters and units",
    "Keskar et al. 2017, arXiv 1609.04836, network C1",
)

resnet8 = _ready(
    "resnet8",
    (
        *("conv 16 3x3 same", "batch norm", "relu", "residual 16", "residual 32 stride 2", "residual 64 stride 2"),
        "global average",
    ),
    "3 residual blocks of 16, 32 and 64 filters; projections have batch normalization",
    "He et al. 2016, arXiv 1512.03385; depth and widths of Banbury et al. 2021, arXiv 2106.07597",
)
