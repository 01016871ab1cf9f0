"""The search of one sweep. The package checks the sweep, asks the sampler for points, runs and records the trials, and tells
the sampler the results.

Only this package uses Optuna's samplers. Code here does not measure recorded minimisers and does not print.
"""
