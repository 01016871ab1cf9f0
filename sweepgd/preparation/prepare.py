"""Prepare a sweep: all checks that are possible before a trial runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sweepgd.advisor import Advisor
from sweepgd.data.paths import check_there
from sweepgd.lab import Lab
from sweepgd.preparation.warnings import warnings_of
from sweepgd.problem import UsageProblem
from sweepgd.space import Space, Value
from sweepgd.sweep import Sweep


@dataclass(frozen=True)
class Prepared:
    """A sweep that has passed all checks before the first trial."""

    sweep: Sweep
    advisor: Advisor
    lab: Lab
    total: int

    @property
    def warnings(self) -> list[str]:
        """One line for each setting of the sweep that has no effect, or not the specified one."""
        return warnings_of(self.sweep, self.advisor.space, self.advisor.points, self.lab.data(0).rows)


def prepare(sweep: Sweep) -> Prepared:
    """Check a sweep against the installed plugins and its data, without running a trial. Raises Problem if a check fails."""
    check_there(sweep.data.model_dump())
    lab = Lab(sweep)
    advisor = Advisor(lab.sweep, lab.objectives)
    check_batch_sizes(advisor.space, advisor.points, lab.data(0).rows)
    _ = lab.architecture
    return Prepared(lab.sweep, advisor, lab, advisor.total())


def check_batch_sizes(space: Space, points: Iterable[Mapping[str, Value]], rows: int) -> None:
    """Raise UsageProblem if a batch size of the space or the points exceeds the number of training rows."""
    axis = next(axis for axis in space.axes if axis.name == "batch_size")
    sizes = [*(axis.values or (int(axis.high),)), *(point["batch_size"] for point in points)]
    for size in sizes:
        if isinstance(size, int) and size > rows:
            raise UsageProblem(f'batch_size {size} exceeds the {rows} training rows: set at most {rows}, or "full"')
