"""Find settings that have no effect, and learning rates that the planned updates of a run never reach."""

from collections.abc import Iterator
from math import ceil

import numpy as np

from sweepgd.core.setting import shown
from sweepgd.study.planned_updates import RunPlan
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration

# A setting that changes learning rates by a smaller relative difference counts as having no effect.
TOLERANCE = 1e-3


def ineffective_settings(configuration: Configuration, run_plan: RunPlan, budget: Budget) -> Iterator[tuple[str, str]]:
    """Yield each problem of a planned run as two texts: the problem, and its details with figures."""
    yield from _of_rates(configuration, run_plan)
    if configuration.schedule != "constant":
        yield from _of_schedule(configuration, run_plan)
    if configuration.batch_schedule != "constant" and len(set(run_plan.sizes)) == 1:
        what = f"batch_schedule {configuration.batch_schedule} has no effect"
        yield what, f"a batch has {run_plan.sizes[0]} rows in each of the {len(run_plan.sizes)} epochs"
    if budget.seconds is None:
        yield from _of_evaluations(run_plan, budget)


def _of_rates(configuration: Configuration, run_plan: RunPlan) -> Iterator[tuple[str, str]]:
    highest, total = float(run_plan.rates.max()), run_plan.total
    if run_plan.warmup > total:
        what = "the warm-up is longer than the run"
        last = f"the rate at the last of {total} updates is {highest:.3g} times the base rate"
        yield what, f"it takes {run_plan.warmup} updates, and {last}"
    elif highest < 1.0 - TOLERANCE:
        alone = len(run_plan.factors) == total and run_plan.factors.max() >= 1.0 - TOLERANCE
        warmup = f" with a warm-up of {run_plan.warmup} updates" if run_plan.warmup else ""
        details = f"schedule {configuration.schedule}{warmup} gives at most {highest:.3g} of the base rate in {total} updates"
        remedy = "; to reach it, set schedule_after_warmup = true" if 0 < run_plan.warmup < total and alone else ""
        yield "the base rate is never reached", details + remedy


def _of_schedule(configuration: Configuration, run_plan: RunPlan) -> Iterator[tuple[str, str]]:
    name, settings = configuration.schedule, configuration.schedule_settings
    if not len(run_plan.factors):
        yield f"schedule {name} never begins", f"the warm-up takes all {run_plan.total} updates"
        return
    change = float(np.abs(run_plan.factors - 1.0).max())
    if change < TOLERANCE:
        what = f"changes the rate by less than {100 * TOLERANCE:g} %" if change else "has no effect"
        given = ", ".join(f"{key} = {shown(value)}" for key, value in settings.items())
        yield f"schedule {name} {what}", f"{given} in {run_plan.total} updates"
    if name == "one_cycle" and not settings.get("final_at_last_update"):
        last, final = float(run_plan.factors[-1]), 1.0 / settings["start_divisor"] / settings["final_divisor"]
        if last > 1.5 * final:
            details = f"the rate at the last of {run_plan.total} updates is {last:.3g} of the base rate, not {final:.3g}"
            yield "schedule one_cycle does not end at its final rate", f"{details}; set final_at_last_update = true"


def _of_evaluations(run_plan: RunPlan, budget: Budget) -> Iterator[tuple[str, str]]:
    evaluations = len(run_plan.sizes) + (run_plan.samples // budget.eval_every if budget.eval_every else 0)
    if budget.evaluate is not None:
        evaluations = 1 if budget.evaluate == "end" else ceil(run_plan.total / budget.evaluate)
    if budget.patience is not None and budget.patience >= evaluations:
        details = f"a run has at most {evaluations} evaluations after the first"
        yield f"budget.patience = {budget.patience} ends no run early", details
    if budget.eval_every is not None and budget.eval_every >= run_plan.samples:
        yield f"budget.eval_every = {budget.eval_every} adds no evaluation", f"a run has {run_plan.samples} samples"
