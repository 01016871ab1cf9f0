"""The landscapes of a study, each computed once and kept in its directory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from sweepgd.core.errors import SweepgdError
from sweepgd.execution.choose import opened
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.landscape_files import kept, path_for
from sweepgd.minimisers.landscape.line import ALPHAS, line, line_settings
from sweepgd.minimisers.landscape.run_selection import RunKey, best, pair
from sweepgd.minimisers.landscape.surface import SurfaceOptions, surface


class Progress(Protocol):
    """Receives progress events."""

    def began(self, what: str, points: int) -> None: ...
    def advance(self) -> None: ...


def survey(
    landscape: LandscapeContext,
    ends: tuple[RunKey, RunKey] | None,
    planes: Sequence[RunKey],
    asked: SurfaceOptions,
    *,
    progress: Progress,
    workers: int | None = None,
    executor: Any = None,
) -> Iterator[tuple[Path, pa.Table]]:
    """The line between `ends` and the planes through `planes`, each with the file that keeps it.

    Where no planes are named they are those through the ends; where nothing is named, the ends are those of `pair`, or where
    there are none there is only the plane through the best run. A landscape that its file holds already is read from there.
    `workers` and `executor` are as in `sweepgd.measure`.
    Raises SweepgdError, before anything is computed, for a run that has no weights, and where there is nothing to draw.
    """
    options = landscape.options(workers, executor)
    if not planes:
        ends, planes = _chosen(landscape) if ends is None else (ends, ends)
        if landscape.architecture.parameters < 2:
            landscape.note("no surfaces: the model has a single parameter")
            planes = ()
    for run in {*(ends or ()), *planes}:
        landscape.minimum(run)
    wanted = []
    if ends is not None:
        begin = partial(progress.began, f"line {ends[0]} to {ends[1]}", len(ALPHAS))
        make = partial(line, landscape, *ends, workers=workers, advance=progress.advance)
        wanted.append((line_settings(landscape, *ends), begin, make))
    for run in dict.fromkeys(planes):
        begin = partial(progress.began, f"surface {run}", asked.resolution**2)
        make = partial(surface, landscape, run, asked, workers=workers, advance=progress.advance)
        wanted.append((asked.settings(landscape, run), begin, make))
    if not wanted:
        raise SweepgdError("there is nothing to draw: name the two ends of a line")
    lacking = any(not path_for(landscape.directory, settings).exists() for settings, _, _ in wanted)
    with opened(options if lacking else replace(options, executor=None)) as reached:
        for settings, begin, make in wanted:
            yield _made(landscape, settings, begin, partial(make, executor=reached))


def _chosen(landscape: LandscapeContext) -> tuple[tuple[RunKey, RunKey] | None, Sequence[RunKey]]:
    trials = landscape.results.trials
    alone = best(trials)
    try:
        ends = pair(trials)
    except SweepgdError as problem:
        landscape.note(f"no line: {problem}")
        return None, [alone]
    said = [
        f"run {run} of batch size {row['batch_size']}, train loss {row['train_loss']:.3g}"
        for run, row in ((run, landscape.row(run)) for run in ends)
    ]
    landscape.note(f"nearest in train loss: {said[0]}, and {said[1]}")
    return ends, ends


def _made(
    landscape: LandscapeContext, settings: dict[str, object], begin: Callable[[], None], make: Callable[[], pa.Table]
) -> tuple[Path, pa.Table]:
    path = path_for(landscape.directory, settings)
    if path.exists():
        landscape.note(f"{path} is there already, and is drawn as it is")
        return path, kept(path, landscape.results.sweep_toml, make)
    begin()
    table = kept(path, landscape.results.sweep_toml, make)
    landscape.note(f"wrote {path}")
    return path, table
