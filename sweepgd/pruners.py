"""When a trial is given up early: Optuna's pruners, judging at rungs that are percents of a trial's budget."""

from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner

from sweepgd.problem import UsageProblem, nearest

# Hyperband puts a trial in the bracket of a hash of the study's name: a random name would make it irreproducible.
STUDY_NAME = "sweepgd"
_FIRST_RUNG = 4
_REDUCTION_FACTOR = 3

# The percents of the budget, 1 to 100, at which a trial reports. Successive halving judges at 4 * 3^k of them.
RUNGS: dict[str, tuple[int, ...]] = {
    "none": (),
    "median": (10, 20, 30, 40, 50, 60, 70, 80, 90),
    "asha": (4, 12, 36),
    "hyperband": (4, 12, 36),
}


def make_pruner(name: str, objectives: int = 1) -> BasePruner:
    """The pruner called `name`, a key of RUNGS.

    `asha` is asynchronous successive halving (Li et al. 2020), `hyperband` its brackets (Li et al. 2018). Raises
    UsageProblem for an unknown name, and for several objectives, of which Optuna cannot report one.
    """
    if name not in RUNGS:
        raise UsageProblem(f"unknown pruner {name!r}: {nearest(name, RUNGS)}")
    if name != "none" and objectives > 1:
        raise UsageProblem(f"the {name} pruner judges one objective: name one, or set pruner to 'none'")
    match name:
        case "median":
            return MedianPruner(n_startup_trials=5)
        case "asha":
            return SuccessiveHalvingPruner(min_resource=_FIRST_RUNG, reduction_factor=_REDUCTION_FACTOR)
        case "hyperband":
            return HyperbandPruner(min_resource=_FIRST_RUNG, max_resource=100, reduction_factor=_REDUCTION_FACTOR)
    return NopPruner()
