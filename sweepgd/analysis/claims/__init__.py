"""Claims of a sweep file, answered from its recorded runs.

A claim is a statistic with an expected value. The answer is "held", "not held" or "inconclusive". An interval over
configurations and replicates decides the answer. No text in a claim is evaluated as code.
"""

from sweepgd.analysis.claims.claim_answers import claims
from sweepgd.analysis.claims.claim_decisions import HELD, INCONCLUSIVE, NOT_HELD

__all__ = ["HELD", "INCONCLUSIVE", "NOT_HELD", "claims"]
