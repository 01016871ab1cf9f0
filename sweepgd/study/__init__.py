"""One study: check the sweep, then ask the sampler for points, run and record their trials, and tell the sampler the results,
until all trials are done.

Only this package uses Optuna's samplers. It does not measure recorded minimisers, and it does not print.
"""
