"""The landscapes of a study. Each landscape is computed once and recorded in the study's directory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from sweepgd.core.errors import SweepgdError
from sweepgd.execution.choose import opened
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.landscape_files import path_for, read_or_make
from sweepgd.minimisers.landscape.line import ALPHAS, line, line_settings
from sweepgd.minimisers.landscape.run_selection import RunKey, best, pair
from sweepgd.minimisers.landscape.surface import SurfaceOptions, surface


class Progress(Protocol):
    """The receiver of progress events."""

    def began(self, what: str, points: int) -> None: ...
    def advance(self) -> None: ...


def survey(
    landscape: LandscapeContext,
    ends: tuple[RunKey, RunKey] | None,
    planes: Sequence[RunKey],
    surface_options: SurfaceOptions,
    *,
    progress: Progress,
    workers: int | None = None,
    executor: Any = None,
) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the line between the runs `ends`, and the planes through the runs `planes`, each with its file.

    If `planes` is empty, there is a plane through each end. If `planes` is empty and `ends` is None, the ends are the two runs
    that `pair` returns. If there is no such pair, the only landscape is the plane through the best run. A recorded landscape is
    read from its file. `workers` and `executor` are as in `sweepgd.measure`. Raises SweepgdError before anything is computed if
    a run has no weights, or if there is nothing to draw.
    """
    options = landscape.options(workers, executor)
    if not planes:
        ends, planes = _chosen(landscape) if ends is None else (ends, ends)
        if landscape.architecture(planes[0]).parameters < 2:
            landscape.note("no surfaces are drawn, because the model has a single parameter")
            planes = ()
    for run in {*(ends or ()), *planes}:
        landscape.minimum(run)
    wanted = []
    if ends is not None:
        begin = partial(progress.began, f"line {ends[0]} to {ends[1]}", len(ALPHAS))
        make = partial(line, landscape, *ends, workers=workers, advance=progress.advance)
        wanted.append((line_settings(landscape, *ends), begin, make))
    for run in dict.fromkeys(planes):
        begin = partial(progress.began, f"surface {run}", surface_options.resolution**2)
        make = partial(surface, landscape, run, surface_options, workers=workers, advance=progress.advance)
        wanted.append((surface_options.settings(landscape, run), begin, make))
    if not wanted:
        raise SweepgdError("there is nothing to draw: name two runs for a line")
    incomplete = any(not path_for(landscape.directory, settings).exists() for settings, _, _ in wanted)
    with opened(options if incomplete else replace(options, executor=None)) as client:
        for settings, begin, make in wanted:
            yield _recorded(landscape, settings, begin, partial(make, executor=client))


def _chosen(landscape: LandscapeContext) -> tuple[tuple[RunKey, RunKey] | None, Sequence[RunKey]]:
    trials = landscape.results.trials
    best_run = best(trials)
    try:
        ends = pair(trials)
    except SweepgdError as problem:
        landscape.note(f"no line: {problem}")
        return None, [best_run]
    descriptions = [
        f"run {run} of batch size {row['batch_size']}, train loss {row['train_loss']:.3g}"
        for run, row in ((run, landscape.row(run)) for run in ends)
    ]
    landscape.note(f"the landscapes show the two runs with the nearest train losses: {descriptions[0]}, and {descriptions[1]}")
    return ends, ends


def _recorded(
    landscape: LandscapeContext, settings: dict[str, object], begin: Callable[[], None], make: Callable[[], pa.Table]
) -> tuple[Path, pa.Table]:
    path = path_for(landscape.directory, settings)
    if path.exists():
        landscape.note(f"{path} exists already and is not computed again")
        return path, read_or_make(path, landscape.results.sweep_toml, make)
    begin()
    table = read_or_make(path, landscape.results.sweep_toml, make)
    landscape.note(f"wrote {path}")
    return path, table
