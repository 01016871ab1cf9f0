"""Optimizers that load but break the contract."""

from dataclasses import replace

from sweepgd.core.setting import Setting
from sweepgd.kernels import helper
from sweepgd.optimizers.sgd import sgd


def short(theta, gradient, slots, layout, hyper, learning_rate):
    """Takes no update count, as in frameworks that keep it themselves."""


def swapped(theta, slots, gradient, layout, hyper, learning_rate, t, lo, hi):
    """Has the arguments of the contract in another order."""


def probe(theta, gradient, point):
    """Has fewer arguments than the contract."""


def evaluation(theta, slots, layout, hyper, t, *point):
    """Has arguments that a kernel cannot pass."""


@helper
def compiled(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """Is not a plain function."""


short_update = replace(sgd, name="short_update", update=short)
swapped_update = replace(sgd, name="swapped_update", update=swapped)
bad_probe = replace(sgd, name="bad_probe", probe=probe)
bad_evaluation = replace(sgd, name="bad_evaluation", evaluation=evaluation)
compiled_update = replace(sgd, name="compiled_update", update=compiled)
newer = replace(sgd, name="newer", api_version=2)
no_rate = replace(sgd, name="no_rate", learning_rate=0.1)
no_setting = replace(sgd, name="no_setting", hyperparameters=({"beta": 0.9},))
no_comma = replace(sgd, name="no_comma", hyperparameters=(Setting("beta", 0.9, "decay")))
no_paper = replace(sgd, name="no_paper", paper=None)
no_text = replace(sgd, name=None)
slot_without_comma = replace(sgd, name="slot_without_comma", slots=("mean"))
numbered_slots = replace(sgd, name="numbered_slots", slots=(1, 2))
other_name = replace(sgd, name="another")
number = 0.1
