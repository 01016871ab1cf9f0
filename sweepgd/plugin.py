"""The module that plugins import. Tests of plugins may also import `sweepgd.testing`. plugins/README.md describes both modules.

An optimizer, schedule, data set, model or layer is declared as an `Optimizer`, `Schedule`, `Dataset`, `Model` or `Layer`, each
with a `Setting` for every hyperparameter. Kernels read the columns of the layout table, such as OFFSET, and may call functions
that are decorated with `helper`.
"""

from typing import TYPE_CHECKING

from sweepgd.core.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from sweepgd.core.errors import SweepgdError, UsageError
    from sweepgd.core.layout import (
        BIAS,
        DIM0,
        DIM1,
        DIM2,
        DIM3,
        FAN_IN,
        FAN_OUT,
        KIND,
        NDIM,
        OFFSET,
        POSITION,
        SCALE,
        SIZE,
        WEIGHT,
        Tensor,
        layout_of,
        parameter_count,
    )
    from sweepgd.core.setting import Setting
    from sweepgd.data.contract import Dataset, Table
    from sweepgd.kernels.compiling import helper
    from sweepgd.kernels.tensors import decay_weights, extent, norm
    from sweepgd.kernels.views import block
    from sweepgd.models.contract import Architecture, Curvature, Model, Shape
    from sweepgd.models.layer_contract import Layer
    from sweepgd.optimizers.adam import BETA1, BETA2, EPSILON, EPSILON_ROOT, adam
    from sweepgd.optimizers.contract import Optimizer, rate, slot_matrix
    from sweepgd.optimizers.sgd import sgd
    from sweepgd.schedules.contract import Clock, Schedule

__all__ = [
    "BETA1",
    "BETA2",
    "BIAS",
    "DIM0",
    "DIM1",
    "DIM2",
    "DIM3",
    "EPSILON",
    "EPSILON_ROOT",
    "FAN_IN",
    "FAN_OUT",
    "KIND",
    "NDIM",
    "OFFSET",
    "POSITION",
    "SCALE",
    "SIZE",
    "WEIGHT",
    "Architecture",
    "Clock",
    "Curvature",
    "Dataset",
    "Layer",
    "Model",
    "Optimizer",
    "Schedule",
    "Setting",
    "Shape",
    "SweepgdError",
    "Table",
    "Tensor",
    "UsageError",
    "adam",
    "block",
    "decay_weights",
    "extent",
    "helper",
    "layout_of",
    "norm",
    "parameter_count",
    "rate",
    "sgd",
    "slot_matrix",
]

# Each name is imported when it is first used, because listing a plugin needs neither Numba nor Arrow.
if not TYPE_CHECKING:  # a type checker that sees `__getattr__` accepts every name
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "sweepgd.core.errors": ("SweepgdError", "UsageError"),
            "sweepgd.core.layout": (
                *("OFFSET", "SIZE", "KIND", "FAN_IN", "FAN_OUT", "NDIM", "DIM0", "DIM1", "DIM2", "DIM3"),
                *("WEIGHT", "BIAS", "SCALE", "POSITION", "Tensor", "layout_of", "parameter_count"),
            ),
            "sweepgd.core.setting": ("Setting",),
            "sweepgd.data.contract": ("Dataset", "Table"),
            "sweepgd.kernels.compiling": ("helper",),
            "sweepgd.kernels.tensors": ("decay_weights", "extent", "norm"),
            "sweepgd.kernels.views": ("block",),
            "sweepgd.models.contract": ("Architecture", "Curvature", "Model", "Shape"),
            "sweepgd.models.layer_contract": ("Layer",),
            "sweepgd.optimizers.adam": ("BETA1", "BETA2", "EPSILON", "EPSILON_ROOT", "adam"),
            "sweepgd.optimizers.contract": ("Optimizer", "rate", "slot_matrix"),
            "sweepgd.optimizers.sgd": ("sgd",),
            "sweepgd.schedules.contract": ("Clock", "Schedule"),
        },
    )
