"""Which results directory a search may write to: a new one, or that of the very same sweep."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.objectives import are_of_best
from sweepgd.outcome import COMPLETED, PRUNED
from sweepgd.problem import Problem, UsageProblem
from sweepgd.record import exclusively, load, sweep_toml
from sweepgd.sweep import Sweep, differences, former, recorded, with_sampler_version
from sweepgd.sweep.asking import as_command


def as_recorded(directory: Path, sweep: Sweep, note: Callable[[str], None]) -> Sweep:
    """Return the sweep as a directory that holds its results has it: with the version of the samplers and the form of the
    schedules with which its search was begun, where the sweep does not ask for others.

    `note` is told of each setting of a schedule that is not as in a new directory.
    """
    path = directory / "sweep.toml"
    if not path.is_file():
        return sweep
    before = recorded(sweep_toml(directory), where=str(path))
    if sweep.search.sampler_version is None:
        sweep = with_sampler_version(sweep, before.search.sampler_version)
    continued = former.as_recorded(sweep, before)
    new = former.written_out(sweep).schedule
    for name, settings in continued.schedule.items():
        for key, value in settings.items():
            if value != new[name][key]:
                note(f"{directory} goes on as it was begun, with schedule.{name}.{key} = {json.dumps(value)}")
    return continued


def repeats(directory: Path) -> str:
    """The line that counts the trials of a directory that have the configuration of an earlier one, '' if none has."""
    trials = load(directory).trials.select(["trial", "config_id"]).group_by("trial").aggregate([("config_id", "min")])
    count = trials.num_rows - pc.count_distinct(trials["config_id_min"]).as_py()
    if not count:
        return ""
    return (
        f"{count} of the {trials.num_rows} trials in {directory} repeat the configuration of an earlier one, and more may"
        " follow: the search goes on as it was begun, with search.sampler_version = 1; --fresh begins one without repeats"
    )


def recorded_otherwise(directory: Path, sweep: Sweep, objectives: Sequence[str]) -> list[str]:
    """What an earlier version recorded otherwise of runs that a directory holds, a line each."""
    of_best, pruned = are_of_best(objectives), sweep.search.pruner != "none"
    if not (of_best or pruned):
        return []
    trials = load(directory).trials
    ended = pc.is_in(trials["status"], pa.array([COMPLETED, PRUNED]))
    count = trials.filter(pc.and_(ended, pc.is_null(trials["evaluated_at_update"]))).num_rows
    if not count:
        return []
    lines = []
    if of_best:
        lines.append(f"{count} runs recorded earlier have losses, errors and gap of their last evaluation, not the best")
    if pruned:
        lines.append(f"{count} runs recorded earlier were evaluated at rungs too, which counted for patience and best")
    return lines


def check_continues(directory: Path, sweep: Sweep) -> None:
    """Raises Problem where a directory holds the results of a sweep that computes something else."""
    path = directory / "sweep.toml"
    if not path.is_file():
        return
    before = recorded(sweep_toml(directory), where=str(path))
    differing = differences(before, sweep)
    if not differing:
        return
    # What can be measured of the recorded runs, which looks along their training cannot.
    measured = all(line.startswith("measure.") and not line.startswith("measure.every:") for line in differing)
    if measured and sweep.measure is not None:
        raise Problem(
            f"{directory} holds these runs with {_changed(before, sweep, differing)}:"
            f" {as_command(directory, sweep.measure)} measures them so; leave [measure] as it was to go on"
        )
    raise Problem(f"{directory} holds another sweep: {_listed(differing)}; choose another --out, or --fresh to begin anew")


def _changed(before: Sweep, now: Sweep, differing: list[str]) -> str:
    """What differs in `[measure]`, without the settings of measures that are new or gone."""
    if before.measure is None:
        return "no [measure]"
    both = before.measure.settings.keys() & (now.measure.settings.keys() if now.measure else ())
    own = [line for line in differing if not line.startswith("measure.settings.") or line.split(".")[2] in both]
    return f"another [measure]: {_listed(own)}"


def _listed(lines: list[str]) -> str:
    return lines[0] + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")


def move_aside(directory: Path) -> Path | None:
    """Renames a results directory so that a new one can begin; nothing is deleted. Returns its new name, None where none is."""
    if not (directory / "sweep.toml").is_file():
        return None
    if not directory.name.strip("."):
        raise UsageProblem(f"--fresh cannot move {directory} aside from within: give --out the directory's name")
    for number in range(1, 10_000):
        aside = directory.with_name(f"{directory.name}.before-{number}")
        if not aside.exists():
            try:
                with exclusively(directory):  # a search that is still writing there would write into the new one
                    return directory.rename(aside)
            except OSError as error:
                raise Problem(f"cannot move {directory} aside: {error.strerror}") from error
    raise Problem(f"{directory.parent} holds too many directories set aside: remove some")
