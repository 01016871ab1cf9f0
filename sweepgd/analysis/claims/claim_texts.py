"""The statistic and the expectation of a claim as text."""

from sweepgd.sweep.claim_spec import ClaimSpec


def in_words(claim: ClaimSpec) -> str:
    """Return the statistic of a claim as text, such as "test_error, batch_size 400 − 16"."""
    groups = [str(group) for group in claim.groups]
    best = ", each at its best configuration" * claim.best
    match claim.statistic:
        case "mean":
            return f"mean of {claim.of}"
        case "difference":
            return f"{claim.of}, {claim.by} {groups[1]} − {groups[0]}{best}"
        case "ratio":
            return f"{claim.of}, {claim.by} {groups[1]} / {groups[0]}{best}"
        case "ordering":
            return f"{claim.of}, increase over {claim.by} {', '.join(groups)}{best}"
        case "slope":
            return f"exponent of {claim.of} in {claim.by}"
        case "rate_exponent":
            return "exponent of the best learning rate in the batch size"
        case "critical_batch_size":
            return "critical batch size of updates to the goal"
        case "rate_range":
            return f"range of learning rates within 10 % of the best, {claim.by} {groups[1]} / {groups[0]}"
        case "boundary_dimension":
            return "dimension of the boundary between runs that complete and runs that diverge"
    return f"τ of {claim.of} and {claim.by}"


def expectation(claim: ClaimSpec) -> str:
    """Return the expected region of the statistic, such as "> 0" or "1 ± 0.1"."""
    if claim.relation == "=":
        return f"{claim.threshold:g} ± {claim.tolerance:g}"
    return f"{claim.relation} {claim.threshold:g}"
