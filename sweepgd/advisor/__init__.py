"""What to try next: Optuna's ask and tell over our space, with a memory that can be rebuilt from the record."""

from sweepgd.advisor.advisor import Advisor
from sweepgd.advisor.states import trial_of, values_of

__all__ = ["Advisor", "trial_of", "values_of"]
