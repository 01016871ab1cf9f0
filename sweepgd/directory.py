"""Which results directory a search may write to: a new one, or that of the very same sweep."""

from pathlib import Path

from sweepgd.problem import Problem, UsageProblem
from sweepgd.record import exclusively
from sweepgd.sweep import Sweep, differences, parse


def check_continues(directory: Path, sweep: Sweep) -> None:
    """Raises Problem where a directory holds the results of a sweep that computes something else."""
    path = directory / "sweep.toml"
    if not path.is_file():
        return
    differing = differences(parse(path.read_text(encoding="utf-8"), where=str(path)), sweep)
    if differing:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise Problem(f"{directory} holds another sweep: {differing[0]}{more}; choose another --out, or --fresh to begin anew")


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
