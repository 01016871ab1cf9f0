"""Propose the points of trials: Optuna's ask and tell over a sweep's space, with a state that the record can rebuild."""

from sweepgd.advisor.advisor import Advisor
from sweepgd.advisor.states import trial_of, values_of

__all__ = ["Advisor", "trial_of", "values_of"]
