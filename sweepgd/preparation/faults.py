"""What is wrong with the course of a run: settings without effect, rates that are never reached."""

from collections.abc import Iterator

import numpy as np

from sweepgd.budget import Budget
from sweepgd.configuration import Configuration
from sweepgd.preparation.course import Course
from sweepgd.setting import shown

# A rate that differs by less is the same to every run.
TOLERANCE = 1e-3


def faults(configuration: Configuration, course: Course, budget: Budget) -> Iterator[tuple[str, str]]:
    """Each fault, and the figures of it."""
    yield from _of_rates(configuration, course)
    if configuration.schedule != "constant":
        yield from _of_schedule(configuration, course)
    if configuration.batch_schedule != "constant" and len(set(course.sizes)) == 1:
        what = f"batch_schedule {configuration.batch_schedule} changes nothing"
        yield what, f"batches have {course.sizes[0]} rows in all of {len(course.sizes)} epochs"
    if budget.seconds is None:
        yield from _of_evaluations(course, budget)


def _of_rates(configuration: Configuration, course: Course) -> Iterator[tuple[str, str]]:
    highest, total = float(course.rates.max()), course.total
    if course.warmup > total:
        what = "the warm-up is longer than the run"
        yield what, f"it takes {course.warmup} updates, and the last of {total} has {highest:.3g} of the base rate"
    elif highest < 1.0 - TOLERANCE:
        alone = len(course.factors) == total and course.factors.max() >= 1.0 - TOLERANCE
        warmup = f" times a warm-up of {course.warmup} updates" if course.warmup else ""
        how = f"schedule {configuration.schedule}{warmup} gives at most {highest:.3g} of it in {total} updates"
        remedy = "; with schedule_after_warmup = true it is reached" if 0 < course.warmup < total and alone else ""
        yield "the base rate is never reached", how + remedy


def _of_schedule(configuration: Configuration, course: Course) -> Iterator[tuple[str, str]]:
    name, settings = configuration.schedule, configuration.schedule_settings
    if not len(course.factors):
        yield f"schedule {name} never begins", f"the warm-up before it takes all {course.total} updates"
        return
    change = float(np.abs(course.factors - 1.0).max())
    if change < TOLERANCE:
        what = f"changes the rate by less than {100 * TOLERANCE:g} %" if change else "changes nothing"
        given = ", ".join(f"{key} = {shown(value)}" for key, value in settings.items())
        yield f"schedule {name} {what}", f"{given} in {course.total} updates"
    if name == "one_cycle" and not settings.get("final_at_last_update"):
        last, final = float(course.factors[-1]), 1.0 / settings["start_divisor"] / settings["final_divisor"]
        if last > 1.5 * final:
            how = f"the last of {course.total} updates has {last:.3g} of the base rate, not {final:.3g}"
            yield "schedule one_cycle does not end at its final rate", f"{how}, which it has with final_at_last_update = true"


def _of_evaluations(course: Course, budget: Budget) -> Iterator[tuple[str, str]]:
    evaluations = len(course.sizes) + (course.samples // budget.eval_every if budget.eval_every else 0)
    if budget.patience is not None and budget.patience >= evaluations:
        how = f"after the first there are at most {evaluations} evaluations"
        yield f"budget.patience = {budget.patience} ends no run early", how
    if budget.eval_every is not None and budget.eval_every >= course.samples:
        yield f"budget.eval_every = {budget.eval_every} adds no evaluation", f"a run has {course.samples} samples"
