"""Merge the shards of a search into one record (`sweepgd merge`), equal to the record of a search without shards."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shlex import quote

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.plugins import single_file
from sweepgd.record import Results, load
from sweepgd.record.merge import Source, combine, source
from sweepgd.study.advisor import Advisor
from sweepgd.sweep import Sweep, changes, recorded


def merge(
    directories: Iterable[str | Path],
    out: str | Path,
    *,
    plugins: Iterable[str | Path] = (),
    note: Callable[[str], None] = lambda _: None,
) -> Results:
    """Combine results directories of one sweep in the new directory `out`, and return its results.

    The new record equals the record of a search without shards, and `sweepgd.search` with this `out` continues that search. The
    old directories keep their results. If a killed command left rows in the log of a directory, these rows are published first.
    `plugins` are the plugin files that the sweep was run with. `note` receives a line for each log that was cut, and a line
    with the number of missing trials. Raises SweepgdError before anything is written to `out` if a directory is not a results
    directory or is being written, if two directories have different sweeps or a common trial, or if `out` is not empty or lies
    inside one of the directories.
    """
    if isinstance(directories, (str, Path)):
        raise UsageError(f"directories = {str(directories)!r} is one text: give a list of directories")
    folders, target = [Path(directory) for directory in directories], Path(out).absolute()
    _check_given(folders, target, str(out))
    files = [Path(plugin) for plugin in plugins]
    every = [load(folder) for folder in folders]
    with single_file.registered(files):
        text, total = _common(every)
    sources = [source(results, note) for results in every]
    _check_disjoint(sources)
    combine(sources, target, text)
    recorded_trials = sum(int(np.count_nonzero(each.trials < total)) for each in sources)
    if recorded_trials < total:
        again = ["sweepgd search", quote(f"{out}/sweep.toml"), "--out", quote(str(out))]
        again += [word for file in files for word in ("--plugin", quote(str(file)))]
        note(f"{total - recorded_trials} of {total} trials are missing: {' '.join(again)} runs them")
    return load(out)


def _check_given(folders: Sequence[Path], out: Path, named: str) -> None:
    """Raise UsageError if no directory is given or a directory is given twice. Raise SweepgdError if `out` is not empty."""
    if not folders:
        raise UsageError("there are no results directories to merge: give the directories of the shards")
    resolved: set[Path] = set()
    for folder in folders:
        if folder.resolve() in resolved:
            raise UsageError(f"{folder} is given twice: name each directory once")
        resolved.add(folder.resolve())
        if out.resolve().is_relative_to(folder.resolve()) and out.resolve() != folder.resolve():
            raise UsageError(f"{named} is inside {folder}, one of the directories to merge: give another -o")
    if out.is_dir():
        if any(out.iterdir()):
            holds = "holds results" if (out / "sweep.toml").is_file() else "is not empty"
            raise SweepgdError(f"{named} {holds}: give another -o")
    elif out.exists():
        raise SweepgdError(f"{named} is a file: give another -o")


def _common(every: Sequence[Results]) -> tuple[str, int]:
    """Return the text of the sweep that these results have in common, and the sweep's number of trials. Raises SweepgdError if
    the sweeps differ.
    """
    sweeps: dict[str, Sweep] = {}
    first = every[0]
    for results in every:
        text = results.sweep_toml
        if text in sweeps:
            continue
        sweep = recorded(text, where=str(results.directory / "sweep.toml"))
        single_file.digests(sweep.plugins)  # without this, a missing plugin file would be reported as an unknown plugin
        sweeps[text] = sweep
        for key, (there, here) in changes(sweeps[first.sweep_toml], sweep).items():
            raise SweepgdError(
                f"{first.directory} and {results.directory} hold different sweeps:"
                f" {key} is {there!r} in the first, and {here!r} in the second"
            )
    totals = {text: _total(sweep) for text, sweep in sweeps.items()}
    return max(totals.items(), key=lambda item: item[1])  # the directories may have been run with different --trials


def _total(sweep: Sweep) -> int:
    names = sweep.search.objectives or [sweep.search.objective or "objective"]
    return Advisor(sweep, names).total()


def _check_disjoint(sources: Sequence[Source]) -> None:
    """Raise SweepgdError if two directories have a trial in common."""
    trials = np.concatenate([each.trials for each in sources])
    owners = np.repeat(np.arange(len(sources)), [len(each.trials) for each in sources])
    order = np.argsort(trials, kind="stable")
    again = np.flatnonzero(np.diff(trials[order]) == 0)
    if len(again):
        at = again[0]
        one, other = (sources[owners[order[index]]].directory for index in (at, at + 1))
        raise SweepgdError(f"{one} and {other} both hold trial {trials[order[at]]}: leave one of them out")
