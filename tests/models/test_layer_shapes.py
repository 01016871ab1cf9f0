"""Layers that are written as texts: their shapes and numbers, and the message about each mistake."""

import pytest

from sweepgd.core.errors import UsageError
from sweepgd.models import Shape, build
from sweepgd.models.layer_shapes import layers_of

IMAGE = (28, 28, 1)
WRITE_CONV = ": write 'conv FILTERS HEIGHTxWIDTH [stride N] [same|valid]'"


def shapes(*texts, image=IMAGE):
    """The shapes of the outputs of the layers before the last, which is the dense layer of the outputs."""
    return [layer.outputs for layer in layers_of(texts, 784, image, 10)[:-1]]


def test_windows_without_padding_lie_inside_of_the_image():
    assert shapes("conv 4 3x5", "pool 2x2", "average 3x2 stride 4") == [(26, 24, 4), (13, 12, 4), (3, 3, 4)]
    assert shapes("conv 4 28x28") == [(1, 1, 4)]


def test_same_gives_a_window_for_each_stride_and_pads_more_at_the_end():
    first, second = layers_of(["conv 4 3x3 stride 2 same", "pool 5x5 stride 3 same"], 784, IMAGE, 10)[:2]
    assert (first.outputs, first.padding) == ((14, 14, 4), (0, 0))  # 1 padded pixel, at the bottom and at the right
    assert (second.outputs, second.padding) == ((5, 5, 4), (1, 1))  # (5 − 1)·3 + 5 − 14 = 3 padded pixels


def test_an_activation_belongs_to_the_layer_before_it():
    layers = layers_of(["conv 2 3x3", "batch norm", "relu", "flatten", "dense 5", "tanh"], 784, IMAGE, 10)
    assert [layer.name for layer in layers] == ["conv 2 3x3", "batch norm, relu", "dense 5, tanh", "dense 10"]
    assert [layer.source for layer in layers] == [0, 1, 2, 3]


def test_an_activation_after_any_other_layer_is_a_layer():
    layers = layers_of(["conv 2 3x3", "average 2x2", "sigmoid", "dropout 0.5", "relu"], 784, IMAGE, 10)
    names = ["conv 2 3x3", "average 2x2", "activation, sigmoid", "dropout 0.5", "activation, relu", "dense 10"]
    assert [layer.name for layer in layers] == names
    assert [layer.outputs for layer in layers[1:3]] == [(13, 13, 2), (13, 13, 2)]


def test_a_block_adds_its_input_or_a_projection_of_it():
    layers = layers_of(["conv 4 3x3 same", "residual 4", "residual 8 stride 2"], 784, IMAGE, 10)
    first, second = (layer for layer in layers if layer.name == "sum, relu")
    assert (first.source, first.second, first.outputs) == (5, 1, (28, 28, 4))
    assert (second.source, second.second, second.outputs) == (10, 12, (14, 14, 8))
    assert (layers[10].source, layers[10].window, layers[11].source) == (6, (1, 1), 11)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["convv 3 3x3"], "layer 1, 'convv 3 3x3': no such layer: did you mean 'conv'?"),
        (["batch"], "layer 1, 'batch': no such layer: did you mean 'batch norm'?"),
        ([""], "layer 1, '': no such layer: known: average, "),
        (["conv"], "layer 1, 'conv': the number of filters is missing" + WRITE_CONV),
        (["conv 3"], "layer 1, 'conv 3': the size of its window is missing" + WRITE_CONV),
        (["conv 0 3x3"], "the number of filters is '0', not a whole number from 1 to 1000000" + WRITE_CONV),
        (["conv 3 3"], "the size '3' of its window is not written like 3x3" + WRITE_CONV),
        (["conv 3 3x3 stride"], "the stride is missing" + WRITE_CONV),
        (["conv 3 3x3 sane"], "'sane' is not part of this layer" + WRITE_CONV),
        (["dense 3 4"], "'4' is not part of this layer: write 'dense UNITS'"),
        (["dropout 1"], "the share '1' is not a number from 0 to below 1: write 'dropout SHARE'"),
        (["dropout half"], "the share 'half' is not a number"),
        (["pool 2x3"], "a window that is not square needs a stride: write 'pool 2x3 stride 2', for example"),
        (["pool 14x14", "pool 3x3"], "layer 2, 'pool 3x3': the window is larger than its 2 × 2 input: give a smaller window"),
        (["relu"], "an activation follows another layer, but it is the first one: leave it out"),
        (["dense 3", "relu", "tanh"], "layer 3, 'tanh': 'relu' before it has an activation already: leave this one out"),
        (["dense 3", "conv 3 3x3"], "its input is a flat row of 3 values: put it before the first flatten or dense"),
    ],
)
def test_a_mistake_is_named_with_its_layer(texts, message):
    with pytest.raises(UsageError) as found:
        layers_of(texts, 784, IMAGE, 10)
    assert message in str(found.value)


def test_messages_name_the_setting_or_the_model():
    rows = Shape("classification", 13, 1, 3)
    advice = (
        "it needs images, but the data are rows of 13 numbers: choose a data set of images, such as digits or fashion_mnist"
    )
    with pytest.raises(UsageError, match=rf"^model\.layers: layer 2, 'conv 3 3x3': {advice}"):
        build("cnn", {"layers": ["dropout 0.1", "conv 3 3x3"]}, rows)
    with pytest.raises(UsageError, match=f"^model 'lenet': layer 1, 'conv 6 5x5 same': {advice}"):
        build("lenet", {}, rows)
    with pytest.raises(UsageError, match=r"^model\.layers has the entry 3: give texts, such as 'conv 16 3x3 same'"):
        build("cnn", {"layers": [3]}, rows)


# Parameters: LeCun et al. 1998, counted with connected maps; Keras' page of the example; 1,757,834 of the authors' network for
# CIFAR-10 (4,864 + 102,464 + 1,573,248 + 73,920 + 1,930, and 1,408 of normalization); Banbury et al. 2021: 78,666, of which 480
# are running statistics, and 192 for the normalization of two projections. Multiply-adds: their 12.5 million.
@pytest.mark.parametrize(
    ("name", "image", "parameters", "multiply_adds"),
    [
        ("lenet", (28, 28, 1), 61_706, 416_520),
        ("simple_cnn", (28, 28, 1), 34_826, 2_440_960),
        ("keskar_f1", (28, 28, 1), 784 * 512 + 4 * 512**2 + 512 * 10 + 10 + 5 * 3 * 512, 784 * 512 + 4 * 512**2 + 5120),
        ("keskar_c1", (32, 32, 3), 1_757_834, 32_778_112),
        ("resnet8", (32, 32, 3), 78_666 - 480 + 192, 12_501_632),
    ],
)
def test_ready_networks_have_the_published_numbers(name, image, parameters, multiply_adds):
    height, width, channels = image
    built = build(name, {}, Shape("classification", height * width * channels, 1, 10, image))
    assert built.parameters == parameters
    assert sum(layer.get("multiply_adds", 0) for layer in built.layers) == multiply_adds
