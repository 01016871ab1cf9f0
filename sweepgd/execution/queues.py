"""Clusters whose workers are jobs of a queueing system. The package dask-jobqueue starts the jobs with the user's
configuration.
"""

import logging
import re
from collections.abc import Callable
from shutil import which
from typing import Any

from sweepgd.core.errors import SweepgdError, reason

# The queueing systems by name, each with the class of dask-jobqueue that submits jobs to it.
QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
# A worker ends by itself before the queueing system ends its job. The worker ends earlier by the share LIFETIME_PART of the
# walltime, but by at most LIFETIME_SECONDS.
LIFETIME_PART, LIFETIME_SECONDS = 0.2, 60.0


def queued(jobqueue: Any, on: str, jobs: int, note: Callable[[str], None]) -> Any:
    """Return a cluster that always has `jobs` jobs. A worker ends shortly before its walltime, so that its running trials do
    not count as failed attempts. A `--lifetime` in the user's configuration is kept. Raises SweepgdError if dask-jobqueue has
    no configuration.
    """
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
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # `scale` would not replace a job that ended at its walltime
    note(f"requested {jobs} job{'s' * (jobs > 1)} from {on}: trials begin when the first job starts")
    return cluster


def check_submit_command(jobqueue: Any, on: str) -> None:
    """Raise SweepgdError if this machine lacks the command that submits jobs. A cluster would otherwise wait forever for its
    workers.
    """
    command = str(getattr(jobqueue, QUEUES[on]).job_cls.submit_command).split()[0]
    if which(command) is None:
        raise SweepgdError(f"--on {on}: {command} is not on the PATH: run this command on a machine that can submit {on} jobs")


def walltime_seconds(on: str, walltime: Any) -> float | None:
    """Return the seconds of a walltime that is written in the format of a queueing system. Return None if the walltime is
    missing or has another format.
    """
    if isinstance(walltime, int):
        return float(walltime * (60 if on in ("slurm", "lsf") else 1))
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", str(walltime))
    if match is None:
        return None
    days, *fields = match.groups()
    numbers = [int(text) for text in fields if text is not None]
    if days is not None:  # Slurm's days-hours:minutes:seconds
        numbers += [0] * (3 - len(numbers))
        return int(days) * 86400 + _seconds(numbers)
    if on == "lsf" or (on == "slurm" and len(numbers) == 1):  # hours:minutes, and minutes
        numbers.append(0)
    return _seconds(numbers)


def _seconds(numbers: list[int]) -> float:
    """Return the total seconds of a list of [hours, minutes, seconds], [minutes, seconds] or [seconds]."""
    total = 0
    for number in numbers:
        total = 60 * total + number
    return float(total)
