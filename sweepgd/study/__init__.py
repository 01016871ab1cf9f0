"""One study. It checks the sweep, asks the sampler for points, runs and records the trials, and tells the sampler the results.

Only this package uses Optuna's samplers. It does not measure recorded minimisers, and it does not print.
"""
