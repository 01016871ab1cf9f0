"""Clusters whose workers are jobs of a queueing system, made by dask-jobqueue from the user's own configuration of it."""

import logging
import re
from collections.abc import Callable
from typing import Any

from sweepgd.core.errors import SweepgdError, reason

# The queueing systems by name, with the class of dask-jobqueue that submits to each.
QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
# A worker ends by itself this part of its walltime before the queueing system ends its job, but no longer before than that.
LIFETIME_PART, LIFETIME_SECONDS = 0.2, 60.0


def queued(jobqueue: Any, on: str, jobs: int, note: Callable[[str], None]) -> Any:
    """Return a cluster that keeps so many jobs. A worker ends shortly before its walltime, so that what it runs is no loss that
    counts as a trial's attempt; the user's own `--lifetime` is left alone. Raises SweepgdError where there is no
    configuration."""
    from dask import config

    arguments = list(config.get(f"jobqueue.{on}.worker-extra-args", None) or [])
    seconds = walltime_seconds(on, config.get(f"jobqueue.{on}.walltime", None))
    if seconds is not None and not any(str(argument).startswith("--lifetime") for argument in arguments):
        arguments += ["--lifetime", f"{seconds - min(LIFETIME_PART * seconds, LIFETIME_SECONDS):.0f}s"]
    try:
        cluster = getattr(jobqueue, QUEUES[on])(worker_extra_args=arguments, silence_logs=logging.CRITICAL)
    except Exception as error:
        raise SweepgdError(
            f"cannot make a cluster of {on} jobs ({reason(error)}): set jobqueue.{on} in ~/.config/dask/jobqueue.yaml"
        ) from error
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # `scale` would not replace a job that has come to its walltime
    note(f"asked {on} for {jobs} job{'s' * (jobs > 1)}: trials begin when the first one starts")
    return cluster


def walltime_seconds(on: str, walltime: Any) -> float | None:
    """Return the seconds of a walltime as a queueing system reads it; None where there is none, or it is of no known form."""
    if isinstance(walltime, int):
        return float(walltime * (60 if on in ("slurm", "lsf") else 1))
    found = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", str(walltime))
    if found is None:
        return None
    days, *fields = found.groups()
    numbers = [int(each) for each in fields if each is not None]
    if days is not None:  # Slurm's days-hours:minutes:seconds
        numbers += [0] * (3 - len(numbers))
        return int(days) * 86400 + _seconds(numbers)
    if on == "lsf" or (on == "slurm" and len(numbers) == 1):  # hours:minutes, and minutes
        numbers.append(0)
    return _seconds(numbers)


def _seconds(numbers: list[int]) -> float:
    """The seconds of [[hours, ]minutes, ]seconds."""
    total = 0
    for number in numbers:
        total = 60 * total + number
    return float(total)
