"""One study: check the sweep, then ask for points, run and record trials, and tell the sampler, until all trials are done.

Only this package uses Optuna's samplers. It does not measure recorded minimisers, and it does not print.
"""
