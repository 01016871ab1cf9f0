"""Optimizers, one rule per file. A rule consists of data and plain functions that sweepgd compiles.

The trainer keeps the state of a rule in slots and passes the slots to the rule. Schedules, warm-up and L2 penalties do not
belong here, and `sweepgd.kernels` compiles the functions.
"""

from sweepgd.optimizers.contract import API_VERSION, Optimizer, rate, slot_matrix

__all__ = ["API_VERSION", "Optimizer", "rate", "slot_matrix"]
