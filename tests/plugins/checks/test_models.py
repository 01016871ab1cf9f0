"""The checks of models: each broken model fails its check, and all models of sweepgd pass."""

from dataclasses import replace

import numpy as np
import pytest

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of
from sweepgd.kernels.compiling import helper
from sweepgd.models import Architecture, Curvature, Model
from sweepgd.plugins import registry
from sweepgd.plugins.checks import model_curvature, models
from sweepgd.plugins.checks.finding import Flaw


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return ½ mean squared error of linear regression with one target, and its gradient, each times a setting."""
    out[:] = 0
    total, columns = 0.0, inputs.shape[1]
    for row in rows:
        error = theta[columns] - targets[row, 0]
        for j in range(columns):
            error += theta[j] * inputs[row, j]
        for j in range(columns):
            out[j] += out.dtype.type(settings[0] / rows.size) * error * inputs[row, j]
        out[columns] += out.dtype.type(settings[0] / rows.size) * error
        total += 0.5 * error * error / rows.size
    return total


def summed(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Compute the sum over rows in place of the mean."""
    out[:] = 0
    total, columns = 0.0, inputs.shape[1]
    for row in rows:
        error = theta[columns] - targets[row, 0]
        for j in range(columns):
            error += theta[j] * inputs[row, j]
        for j in range(columns):
            out[j] += error * inputs[row, j]
        out[columns] += error
        total += 0.5 * error * error
    return total


def partial(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    out[0] = theta[0]
    return 0.5 * theta[0] * theta[0]


def untyped(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    return theta


def beyond(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    for j in range(out.size + 1):
        out[j] = theta[0]
    return 0.5 * theta[0] * theta[0]


def leftover(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    for j in range(out.size):
        out[j] = theta[j] + work[0]
    work[0] = 1.0
    return 0.0


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    total, columns = 0.0, inputs.shape[1]
    for row in range(inputs.shape[0]):
        error = theta[columns] - targets[row, 0]
        for j in range(columns):
            error += theta[j] * inputs[row, j]
        total += 0.5 * error * error / inputs.shape[0]
    return settings[1] * total, settings[2]


def at_once(theta, buffers, inputs, targets, layout, settings, work, out):
    """The loss of `evaluate`, and twice its gradient in the bias alone."""
    out[:] = 0
    for row in range(inputs.shape[0]):
        error = theta[inputs.shape[1]] - targets[row, 0]
        for j in range(inputs.shape[1]):
            error += theta[j] * inputs[row, j]
        out[inputs.shape[1]] += 2 * error / inputs.shape[0]
    return evaluate_loss(theta, buffers, inputs, targets, layout, settings, work)


def other_loss_at_once(theta, buffers, inputs, targets, layout, settings, work, out):
    out[:] = 0
    return 7.0, np.nan


evaluate_loss = helper(evaluate)


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    out[:] = 0
    columns = inputs.shape[1]
    for row in rows:
        slope = direction[columns]
        for j in range(columns):
            slope += direction[j] * inputs[row, j]
        slope = out.dtype.type(slope * (settings[4] if gauss_newton else settings[3]) / rows.size)
        for j in range(columns):
            out[j] += slope * inputs[row, j]
        out[columns] += slope


def model(kernel=gradient, numbers=(), tasks=("regression",), **fields):
    """Return linear regression with a broken kernel, other settings by index, or other fields of its Architecture."""
    settings = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    for index, value in dict(numbers).items():
        settings[index] = value

    def build(shape):
        if shape.targets != 1:
            raise UsageError("one target")
        tensors = [Tensor((shape.inputs, 1), WEIGHT, shape.inputs, 1), Tensor((1,), BIAS, shape.inputs, 1)]
        made = Architecture(
            layout=layout_of(tensors),
            gradient=kernel,
            evaluate=evaluate,
            initial=lambda rng: rng.normal(scale=0.01, size=shape.inputs + 1),
            settings=settings,
            workspace=lambda batch: 1,
            curvature=Curvature(product, kept=lambda batch: 0, workspace=lambda batch: 0),
        )
        return replace(made, **fields)

    return Model("made", tasks, build, (), "", "")


def shifted(theta, buffers, inputs, layout, settings, work, outputs):
    """Predict class 1 for every row."""
    outputs[:] = 0
    for i in range(inputs.shape[0]):
        outputs[i, 1] = 1


softmax = registry.get("models", "softmax")


def with_other_classes(shape, **settings):
    return replace(softmax.build(shape, **settings), predict=shifted)


BROKEN = {
    "task": (model(tasks=("ranking",)), "builds", "its tasks are ('ranking',)"),
    "shapes": (model(tasks=("none",)), "builds", "it supports none of the shapes that this check tries"),
    "initial": (model(initial=lambda rng: np.zeros(3)), "builds", "`initial` returns the shape (3,) for 4 parameters"),
    "drawn": (model(initial=lambda rng: np.random.random(4)), "builds", "two calls of `initial` with the"),  # noqa: NPY002
    "memory": (model(workspace=lambda batch: batch / 2), "builds", "workspace(1) is 0.5: give a whole number"),
    "parameters": (
        model(kernel=lambda theta: theta),
        "compiles",
        "it has the gradient <lambda>(theta), but the contract asks for gradient(theta, buffers, inputs, targets, rows, ",
    ),
    "compiles": (model(untyped), "compiles", "its gradient does not compile for float32"),
    "partial": (
        model(partial),
        "bounds",
        "`gradient` leaves 3 of the 4 elements of `out` NaN or unwritten (1 targets",
    ),
    "beyond": (model(beyond), "bounds", "`gradient` writes beyond the end of out (1 targets, float32)"),
    "leftover": (model(leftover), "deterministic", "equal inputs give a different gradient after a change of the scratch"),
    "uphill": (model(numbers={0: -1.0}), "gradient", "along a direction, the slope of the loss is "),
    "half": (model(numbers={0: 0.5}), "gradient", "but the gradient gives "),
    "summed": (
        model(summed),
        "rows",
        "over the rows 7, 2, 2, 11, the loss or gradient is not the mean of the rows (1 targets, float64)",
    ),
    "evaluate": (model(numbers={1: 2.0}), "evaluate", "`evaluate` returns the loss "),
    "share": (model(numbers={2: 0.0}), "evaluate", "give NaN, because there are no classes"),
    "other loss": (
        model(evaluate_with_gradient=other_loss_at_once),
        "evaluate",
        "`evaluate_with_gradient` returns a loss of 7 and ",
    ),
    "other gradient": (
        model(evaluate_with_gradient=at_once),
        "evaluate",
        "`evaluate_with_gradient` and `gradient` write different gradients (1 targets, float64)",
    ),
    "unwritten outputs": (
        model(predict=lambda theta, buffers, inputs, layout, settings, work, outputs: None, outputs=2),
        "predict",
        "`predict` leaves some of the (13, 2) outputs NaN or unwritten (1 targets, float64)",
    ),
    "other class": (replace(softmax, build=with_other_classes), "predict", "the outputs of `predict` have an error rate of "),
    "product": (
        model(numbers={3: 2.0}),
        "product",
        "difference between `product` and changes of the gradient is 1 (",
    ),
    "bent": (model(numbers={4: -1.0}), "gauss_newton", "below 0 (1 targets, float64)"),
}


def first_flaw(made):
    first = {"builds": models.builds, "compiles": models.compiles}
    for name, check in {**first, **models.CHECKS, **model_curvature.CHECKS}.items():
        try:
            check(made)
        except Flaw as flaw:
            return name, str(flaw)
    return None


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model(name):
    made, check, words = BROKEN[name]
    found = first_flaw(made)
    assert found is not None
    assert found[0] == check
    assert words in found[1]


def test_a_gradient_with_the_wrong_sign_is_reported():
    """The check "gradient" fails first for this model, so `descends` is called alone."""
    with pytest.raises(Flaw, match=r"the loss grows at every rate, from \S+ \(1 targets, float64\): check the sign of the"):
        models.descends(model(numbers={0: -1.0}))


def test_a_correct_model_passes():
    assert first_flaw(model()) is None


# keskar_c1_slim has the layers of both other networks of Keskar et al., which take 11 s each.
@pytest.mark.parametrize("name", [name for name in registry.names("models") if name not in ("keskar_f1", "keskar_c1")])
def test_a_model_of_sweepgd_passes(name):
    assert first_flaw(registry.get("models", name)) is None
