"""Prepare a sweep, with all checks that are possible before a trial runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sweepgd.core.errors import UsageError
from sweepgd.data.paths import check_there
from sweepgd.study.advisor import Advisor
from sweepgd.study.claim_columns_check import check_claims
from sweepgd.study.claim_values_check import absent_values
from sweepgd.study.sweep_warnings import warnings_of
from sweepgd.sweep import Sweep, configuration_of
from sweepgd.sweep.space import Space, Value
from sweepgd.training.sweep_context import SweepContext


@dataclass(frozen=True)
class Prepared:
    """A sweep that has passed all checks before the first trial."""

    sweep: Sweep
    advisor: Advisor
    context: SweepContext
    total: int

    @property
    def warnings(self) -> list[str]:
        """One line for each setting of the sweep that has no effect, or has an effect other than the sweep file suggests, and
        for each value in a claim that no configuration has.
        """
        given = self.sweep, self.advisor.space, self.advisor.points, self.context.data(0).rows
        return [*warnings_of(*given), *absent_values(*given)]


def prepare(sweep: Sweep) -> Prepared:
    """Check a sweep against the installed plugins and its data, without running a trial. Raises SweepgdError if a check
    fails.
    """
    check_installed(sweep.requires)
    check_there(sweep.data.model_dump())
    context = SweepContext(sweep)
    advisor = Advisor(context.sweep, context.objectives)
    check_variants(context, advisor.space, advisor.points)
    check_claims(context.sweep, advisor.space)
    return Prepared(context.sweep, advisor, context, advisor.total())


def check_installed(packages: Iterable[str]) -> None:
    """Raise UsageError if one of these distributions is not installed."""
    for package in packages:
        try:
            version(package)
        except PackageNotFoundError:
            raise UsageError(
                f"the sweep requires the package {package}, which is not installed: run uv pip install {package} or,"
                f" in a clone of sweepgd that contains it, uv pip install ./plugins/{package}"
            ) from None


def check_variants(context: SweepContext, space: Space, points: Iterable[Mapping[str, Value]]) -> None:
    """Prepare the data and the model of each variant of a sweep and of its fixed points.

    Raises SweepgdError if the data or a model cannot be prepared, or if a batch size exceeds the number of training rows.
    """
    axis = next(axis for axis in space.axes if axis.name == "batch_size")
    sizes = axis.values or (int(axis.high),)
    for variant in context.variants:
        _check(variant, sizes)
    for point in points:
        _check(context.of(configuration_of(point)), [point["batch_size"]])


def _check(variant: SweepContext, sizes: Iterable[Value]) -> None:
    _ = variant.architecture
    rows = variant.data(0).rows
    for size in sizes:
        if isinstance(size, int) and size > rows:
            where = f" of {variant.settings}" if variant.settings else ""
            raise UsageError(f'batch_size {size} exceeds the {rows} training rows{where}: set at most {rows}, or "full"')
