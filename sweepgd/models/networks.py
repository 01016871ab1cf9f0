"""Fully connected models: linear, logistic and softmax regression, and multi-layer networks of any depth."""

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import BIAS, WEIGHT, Layout, Tensor, layout_of, tensors_in
from sweepgd.core.setting import Setting
from sweepgd.kernels import linear as linear_kernels
from sweepgd.kernels import linear_hessian, network, network_hessian
from sweepgd.models.contract import Architecture, Curvature, Model, Shape
from sweepgd.models.initial import draw, init_settings
from sweepgd.models.task_loss import LOSS_SETTING, LOSSES, loss_for, outputs_for

ACTIVATIONS = {"relu": network.RELU, "tanh": network.TANH, "sigmoid": network.SIGMOID}


def _rescaled(layout: Layout, theta: npt.NDArray[np.float64], factor: float) -> npt.NDArray[np.float64]:
    """Return different weights with the same outputs. The first layer is multiplied by `factor`, and the second layer is
    divided by `factor`.

    The outputs do not change because relu(a·z) = a·relu(z) for a > 0.
    """
    theta = theta.copy()
    first, bias, second = tensors_in(theta, layout)[:3]
    first *= factor
    bias *= factor
    second /= factor
    return theta


def _network(
    shape: Shape, hidden: tuple[int, ...], activation: str, loss: str, init: str, scale: float, init_scale: float
) -> Architecture:
    outputs = outputs_for(shape, loss)
    widths = (shape.inputs, *hidden, outputs)
    tensors, layers = [], list[dict[str, Any]]()
    for fan_in, fan_out in pairwise(widths):
        tensors += [Tensor((fan_in, fan_out), WEIGHT, fan_in, fan_out), Tensor((fan_out,), BIAS, fan_in, fan_out)]
        layers += [{"layer": "dense", "inputs": fan_in, "outputs": fan_out}, {"layer": activation}]
    layout = layout_of(tensors)
    single = not hidden and outputs == 1
    kernels, second, size = (linear_kernels, linear_hessian, widths[0]) if single else (network, network_hessian, widths)
    return Architecture(
        layout=layout,
        gradient=kernels.gradient,
        evaluate=kernels.evaluate,
        initial=partial(draw, layout=layout, init=init, scale=scale, init_scale=init_scale),
        settings=np.array([ACTIVATIONS[activation], LOSSES[loss]], dtype=np.float64),
        workspace=partial(kernels.workspace, size),
        chunk=network.CHUNK,
        evaluate_with_gradient=None if single else network.evaluate_with_gradient,
        predict=kernels.predict,
        outputs=outputs,
        layers=tuple(layers[:-1]),  # the outputs have no activation
        curvature=Curvature(
            product=second.product,
            kept=partial(second.kept, size),
            workspace=partial(second.workspace, size),
            second_moments=second.second_moments,
            chunk=second.CHUNK,
            rescaled=partial(_rescaled, layout) if hidden and activation == "relu" else None,
        ),
    )


def _linear(shape: Shape, init: str, scale: float, init_scale: float) -> Architecture:
    return _network(shape, (), "relu", "squared", init, scale, init_scale)


def _logistic(shape: Shape, init: str, scale: float, init_scale: float) -> Architecture:
    if shape.classes != 2:
        raise UsageError(f"model 'logistic' is for 2 classes, but this data set has {shape.classes}: choose model 'softmax'")
    return _network(shape, (), "relu", "binary", init, scale, init_scale)


def _softmax(shape: Shape, init: str, scale: float, init_scale: float) -> Architecture:
    return _network(shape, (), "relu", "softmax", init, scale, init_scale)


def _mlp(
    shape: Shape, hidden: tuple[int, ...], activation: str, loss: str, init: str, scale: float, init_scale: float
) -> Architecture:
    return _network(shape, hidden, activation, loss_for(shape, loss), init, scale, init_scale)


linear = Model(
    name="linear",
    tasks=("regression",),
    build=_linear,
    settings=init_settings("normal"),
    description="linear regression, loss ½(ŷ − y)²",
    source="Legendre 1805; Gauss 1809",
)

logistic = Model(
    name="logistic",
    tasks=("classification",),
    build=_logistic,
    settings=init_settings("zero"),
    description="logistic regression of two classes, binary cross-entropy",
    source="Cox 1958",
)

softmax = Model(
    name="softmax",
    tasks=("classification",),
    build=_softmax,
    settings=init_settings("zero"),
    description="softmax (multinomial logistic) regression, cross-entropy",
    source="Bridle 1990",
)

mlp = Model(
    name="mlp",
    tasks=("regression", "classification"),
    build=_mlp,
    settings=(
        Setting("hidden", (64,), "widths of the hidden layers", minimum=1),
        Setting("activation", "relu", "activation of the hidden layers", choices=tuple(ACTIVATIONS)),
        LOSS_SETTING,
        *init_settings("he"),
    ),
    description="fully connected network of any depth",
    source="Rumelhart, Hinton & Williams 1986",
)
