"""A sweep made ready to run: everything that can be checked before a trial runs."""

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
    """A sweep that has passed every check that can be made before a trial runs."""

    sweep: Sweep
    advisor: Advisor
    lab: Lab
    total: int

    @property
    def warnings(self) -> list[str]:
        """What of the sweep has no effect, or another one than asked for, a line each."""
        return warnings_of(self.sweep, self.advisor.space, self.advisor.points, self.lab.data(0).rows)


def prepare(sweep: Sweep) -> Prepared:
    """Checks a sweep against what is installed and against its data, without running anything. Raises Problem."""
    check_there(sweep.data.model_dump())
    lab = Lab(sweep)
    advisor = Advisor(lab.sweep, lab.objectives)
    check_batch_sizes(advisor.space, advisor.points, lab.data(0).rows)
    _ = lab.architecture
    return Prepared(lab.sweep, advisor, lab, advisor.total())


def check_batch_sizes(space: Space, points: Iterable[Mapping[str, Value]], rows: int) -> None:
    """Raises UsageProblem where a batch size that may be tried is above the training rows."""
    axis = next(axis for axis in space.axes if axis.name == "batch_size")
    asked = [*(axis.values or (int(axis.high),)), *(point["batch_size"] for point in points)]
    for size in asked:
        if isinstance(size, int) and size > rows:
            raise UsageProblem(f'batch_size {size} is above the {rows} training rows: give at most {rows}, or "full"')
