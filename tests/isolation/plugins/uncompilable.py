"""Optimizers that load but do not compile."""

from dataclasses import replace

from sweepgd.kernels import helper
from sweepgd.optimizers.sgd import sgd


def halved(gradient):
    return gradient / 2


@helper
def norm(gradient):
    return gradient.norm()


def undecorated(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[0] -= halved(gradient[0])


def in_helper(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[0] -= norm(gradient)


def writes_gradient(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    gradient[0] = 0.0


def added(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[0] = "a" + gradient


def unknown(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[0] = unheard_of(gradient)  # noqa: F821


def opens(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    with open("log") as log:
        log.write("step")


RULES = (undecorated, in_helper, writes_gradient, added, unknown, opens)
undecorated_rule, in_helper_rule, writes_gradient_rule, added_rule, unknown_rule, opens_rule = (
    replace(sgd, name=rule.__name__, update=rule) for rule in RULES
)
