"""What an optimizer is: data plus compiled functions, never a stateful object."""

from sweepgd.optimizers.contract import API_VERSION, Optimizer, rate, slot_matrix

__all__ = ["API_VERSION", "Optimizer", "rate", "slot_matrix"]
