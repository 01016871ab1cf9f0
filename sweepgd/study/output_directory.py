"""The results directory of a search, which is new or holds results of the same sweep."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.record import exclusively, load, sweep_toml
from sweepgd.sweep import Sweep, differences, earlier_defaults, recorded, with_sampler_version
from sweepgd.sweep.measure_options import as_command
from sweepgd.training.objectives import are_of_best

OTHER_DIRECTORY = "choose another --out, or give --fresh to start again (in Python out=… and fresh=True)"


def as_recorded(directory: Path, sweep: Sweep, note: Callable[[str], None]) -> Sweep:
    """Return the sweep with the sampler version and the schedule settings that the directory was started with.

    Values that the sweep file sets are kept. `note` receives a line for each schedule setting that differs from its default.
    """
    path = directory / "sweep.toml"
    if not path.is_file():
        return sweep
    before = recorded(sweep_toml(directory), where=str(path))
    if sweep.search.sampler_version is None:
        sweep = with_sampler_version(sweep, before.search.sampler_version)
    continued = earlier_defaults.as_recorded(sweep, before)
    new = earlier_defaults.written_out(sweep).schedule
    for name, settings in continued.schedule.items():
        for key, value in settings.items():
            if value != new[name][key]:
                note(f"the search in {directory} continues as it was started, with schedule.{name}.{key} = {json.dumps(value)}")
    return continued


def repeats(directory: Path) -> str:
    """Return a line with the number of trials that repeat the configuration of an earlier trial, or "" if there are none."""
    trials = load(directory).trials.select(["trial", "config_id"]).group_by("trial").aggregate([("config_id", "min")])
    count = trials.num_rows - pc.count_distinct(trials["config_id_min"]).as_py()
    if not count:
        return ""
    return (
        f"{count} of the {trials.num_rows} trials in {directory} repeat the configuration of an earlier trial, and more trials"
        " may follow: the search continues with search.sampler_version = 1, as it was started; use --fresh to start a search "
        "without repeats"
    )


def recorded_otherwise(directory: Path, sweep: Sweep, objectives: Sequence[str]) -> list[str]:
    """Return a line for each way in which an earlier version of sweepgd recorded runs in this directory differently."""
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
        lines.append(
            f"{count} runs of an earlier version have losses, errors and gap of the last evaluation, not of the best evaluation"
        )
    if pruned:
        lines.append(
            f"{count} runs of an earlier version were also evaluated at rungs; these evaluations counted for "
            "patience and the best weights"
        )
    return lines


def check_continues(directory: Path, sweep: Sweep, remedy: str = OTHER_DIRECTORY) -> None:
    """Raise SweepgdError if a directory holds the results of a sweep that computes something else. `remedy` ends its message.

    Any sweep may use a directory that has a sweep file but no results, because a refused command leaves such a directory.
    """
    path = directory / "sweep.toml"
    if not path.is_file():
        return
    before = recorded(sweep_toml(directory), where=str(path))
    differing = differences(before, sweep)
    if not differing or not load(directory).trials.num_rows:
        return
    # Final measures that differ can still be computed afterwards. Measures during the run (`every`) cannot.
    measured = all(line.startswith("measure.") and not line.startswith("measure.every:") for line in differing)
    if measured and sweep.measure is not None:
        raise SweepgdError(
            f"{directory} was run with {_changed(before, sweep, differing)}:"
            f" to continue the search, restore the earlier [measure]; to add the measures of the present [measure], run "
            f"{as_command(directory, sweep.measure)}"
        )
    raise SweepgdError(f"{directory} holds another sweep: {_listed(differing)}; {remedy}")


def _changed(before: Sweep, now: Sweep, differing: list[str]) -> str:
    """Describe the differences in `[measure]`, without the settings of measures that were added or removed."""
    if before.measure is None:
        return "no [measure]"
    both = before.measure.settings.keys() & (now.measure.settings.keys() if now.measure else ())
    own = [line for line in differing if not line.startswith("measure.settings.") or line.split(".")[2] in both]
    return f"another [measure]: {_listed(own)}"


def _listed(lines: list[str]) -> str:
    return lines[0] + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")


def move_aside(directory: Path) -> Path | None:
    """Rename a results directory to make room for a new one. Nothing is deleted.

    Return the directory's new path, or None if the directory has no results.
    """
    if not (directory / "sweep.toml").is_file():
        return None
    if not directory.name.strip("."):
        raise UsageError(f"--fresh cannot rename {directory} from inside it: use --out with the directory's name")
    for number in range(1, 10_000):
        aside = directory.with_name(f"{directory.name}.before-{number}")
        if not aside.exists():
            try:
                with exclusively(directory):  # a search that is still running would write into the new directory
                    return directory.rename(aside)
            except OSError as error:
                raise SweepgdError(f"cannot move {directory} aside: {error.strerror}") from error
    raise SweepgdError(f"{directory.parent} has too many directories named {directory.name}.before-*: remove some")
