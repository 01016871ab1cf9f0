"""Optimizers: data plus plain functions that sweepgd compiles, one rule a file.

The state of a rule is in the slots that the trainer passes to it, never in an object. Schedules, warm-up and L2 penalties are
applied elsewhere, and compilation is in `kernels`.
"""

from sweepgd.optimizers.contract import API_VERSION, Optimizer, rate, slot_matrix

__all__ = ["API_VERSION", "Optimizer", "rate", "slot_matrix"]
