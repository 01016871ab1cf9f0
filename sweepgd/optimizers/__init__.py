"""Optimizers: data plus plain functions that sweepgd compiles, one rule a file; never an object with state."""

from sweepgd.optimizers.contract import API_VERSION, Optimizer, rate, slot_matrix

__all__ = ["API_VERSION", "Optimizer", "rate", "slot_matrix"]
