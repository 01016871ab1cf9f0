"""Optimizers: data plus plain functions that sweepgd compiles, one rule per file.

The trainer keeps the state of a rule in slots and passes them to the rule; no object holds state. Schedules, warm-up and L2
penalties are applied elsewhere, and compilation is in `kernels`.
"""

from sweepgd.optimizers.contract import API_VERSION, Optimizer, rate, slot_matrix

__all__ = ["API_VERSION", "Optimizer", "rate", "slot_matrix"]
