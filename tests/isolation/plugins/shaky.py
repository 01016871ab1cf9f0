"""A model that trains, but fails when its curvature is measured, as its setting `peril` says."""

from dataclasses import fields, replace

from sweepgd.core.setting import Setting
from sweepgd.models import Model
from sweepgd.models.networks import linear

PERILS = ("none", "raises", "hangs", "segfaults", "cannot be rescaled", "has no memory")


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    peril = settings[0]
    if peril == 1:
        raise ValueError("the product\ngives up")
    while peril == 2:
        out[0] = -out[0]
    if peril == 3:
        out[2**44] = 1
    out[:] = direction


def rescaled(theta, factor):
    raise RuntimeError("it is [broken]")


def memory(batch):
    raise RuntimeError("no room")


def build(shape, peril, **settings):
    built = linear.build(shape, **settings)
    changes = {"product": product}
    if peril == 4:
        changes["rescaled"] = rescaled
    if peril == 5:
        changes["workspace"] = memory
    numbers = built.settings.copy()
    numbers[0] = peril  # the activation, which a linear model does not use
    return replace(built, settings=numbers, curvature=replace(built.curvature, **changes))


given = {field.name: getattr(linear, field.name) for field in fields(Model)}
peril = Setting("peril", 0, "what strikes", minimum=0)
shaky = Model(**given | {"name": "shaky", "build": build, "settings": (*linear.settings, peril)})
