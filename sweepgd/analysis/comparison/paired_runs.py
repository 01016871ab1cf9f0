"""Mean differences between two studies over the runs that both have: equal configurations, and equal seeds if there are any."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats, has_status, objective
from sweepgd.analysis.claims.two_way_jackknife import Numbers, standard_error
from sweepgd.analysis.comparison.compared_studies import Study
from sweepgd.analysis.differences import FEWEST_PAIRS
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.analysis.repeats import once
from sweepgd.core.outcome import COMPLETED

MEASURES = ("objective", "test_error", "test_loss", "train_loss", "train_seconds")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("first", "second", "measure")]
    + [(name, pa.float64()) for name in ("difference", "low", "high", "first_mean", "second_mean")]
    + [(name, pa.int64()) for name in ("configurations", "runs", "only_first", "only_second")]
    + [("median", pa.float64())]
)
UNPAIRED = pa.schema([(name, pa.string()) for name in ("first", "second", "message")])
# Two random searches with different seeds never draw the same rate.
HOW_TO_SHARE = (
    '; runs can be compared in pairs if both sweeps have sampler = "grid" or equal [[points]], and for other seeds, give one '
    "sweep more replicates"
)
# A configuration differs in another setting if it has equal values of these.
FACTORS = {"data": "data set", "model": "model", "optimizer": "optimizer", "schedule": "schedule"}
FACTORS |= {"batch_size": "batch size", "learning_rate": "learning rate"}


class _Pairs(NamedTuple):
    """The pairs that two studies share. `unit` is the number of each pair's configuration, and `seed` is the pair's seed,
    (pairs,).

    `first` and `second` hold the number of the pair of each run of the first and the second study, (runs,), and -1 for a run
    without a partner.
    """

    first: Numbers
    second: Numbers
    unit: Numbers
    seed: Numbers


def paired_table(studies: Sequence[Study], comparable: bool) -> pa.Table:
    """Return rows by study and measure, with columns as in SCHEMA. `difference` is the mean of the study minus the mean of the
    first study. `median` is the median of the differences of the pairs, which a few extreme runs do not change.

    Runs are paired by `config_id`, or by all settings if no `config_id` is equal, and by seed. If the studies share no seed,
    configurations are paired instead of runs, and each configuration's mean over its replicates is compared. `runs` is the
    number of pairs in which both runs completed, and `configurations` is the number of configurations in these pairs.
    `only_first` and `only_second` count the pairs in which only the run of the first or of the second study completed. The 95 %
    interval is over configurations and replicates
    (`two_way_jackknife`), or over configurations if there is one seed. The interval is null for too few pairs. The objective is
    left out unless the studies are `comparable`. A study that shares no configuration with the first study has no row.
    """
    rows: list[dict[str, Any]] = []
    first = once(studies[0].trials)
    for study in studies[1:]:
        second = once(study.trials)
        pairs = _pairs(first, second)
        named = {"first": studies[0].name, "second": study.name}
        rows += [named | row for row in _rows(first, second, pairs, comparable)] if len(pairs.unit) else []
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def unpaired_table(studies: Sequence[Study]) -> pa.Table:
    """Return a row for each study that shares no completed run with the first study, with the reason in `message`."""
    rows = []
    first = once(studies[0].trials)
    for study in studies[1:]:
        second = once(study.trials)
        if (message := _obstacle(first, second)) is not None:
            rows.append({"first": studies[0].name, "second": study.name, "message": message})
    return pa.Table.from_pylist(rows, schema=UNPAIRED)


def _obstacle(first: pa.Table, second: pa.Table) -> str | None:
    """Return why no run completed in both studies, or None if one did."""
    if not (first.num_rows and second.num_rows):
        return "nothing is recorded in one of the studies"
    pairs = _pairs(first, second)
    if len(pairs.unit):
        before, after = (set(n[has_status(t, COMPLETED)]) for t, n in ((first, pairs.first), (second, pairs.second)))
        return None if before & after - {-1} else "no configuration completed in both studies"
    different = [label for name, label in FACTORS.items() if not _values(first, name) & _values(second, name)]
    if different:
        drawn = HOW_TO_SHARE if FACTORS["learning_rate"] in different else ""
        return f"no configuration is in both studies: they have no {' and no '.join(different)} in common{drawn}"
    return "no configuration is in both studies: each differs in a hyperparameter, or in a setting of the model or the data"


def _values(trials: pa.Table, name: str) -> set[Any]:
    return set(trials[name].unique().to_pylist())


def _pairs(first: pa.Table, second: pa.Table) -> _Pairs:
    keys = [_keys(table) for table in (first, second)]
    if not set(keys[0]) & set(keys[1]) - {None}:
        keys = [_settings(table) for table in (first, second)]
    seeds = [_seeds(table) for table in (first, second)]
    runs = [list(zip(*columns, strict=True)) for columns in zip(keys, seeds, strict=True)]
    if not set(runs[0]) & set(runs[1]):
        runs = [[(key, 0) for key in column] for column in keys]
    partners = {run for run in runs[1] if run[0] is not None}
    shared = {run: number for number, run in enumerate(dict.fromkeys(run for run in runs[0] if run in partners))}
    units = {key: number for number, key in enumerate(dict.fromkeys(key for key, _ in shared))}
    before, after = (np.array([shared.get(run, -1) for run in column], np.int64) for column in runs)
    unit, seed = np.array([(units[key], seed) for key, seed in shared], np.int64).reshape(-1, 2).T
    return _Pairs(before, after, unit, seed)


def _rows(first: pa.Table, second: pa.Table, pairs: _Pairs, comparable: bool) -> Iterator[dict[str, Any]]:
    for measure in MEASURES[0 if comparable else 1 :]:
        before, after = _by_pair(first, pairs.first, measure, pairs), _by_pair(second, pairs.second, measure, pairs)
        both = ~np.isnan(before) & ~np.isnan(after)
        if not both.any():
            continue
        differences, unit = (after - before)[both], pairs.unit[both]
        mean, reach = float(differences.mean()), _half_width(differences, unit, pairs.seed[both])
        yield {
            "measure": measure,
            "difference": mean,
            "low": None if np.isnan(reach) else mean - reach,
            "high": None if np.isnan(reach) else mean + reach,
            "first_mean": float(before[both].mean()),
            "second_mean": float(after[both].mean()),
            "configurations": len(np.unique(unit)),
            "runs": int(both.sum()),
            "only_first": int((~np.isnan(before) & np.isnan(after)).sum()),
            "only_second": int((np.isnan(before) & ~np.isnan(after)).sum()),
            "median": float(np.median(differences)),
        }


def _by_pair(trials: pa.Table, pair: Numbers, measure: str, pairs: _Pairs) -> Floats:
    """Return the mean of a measure over the completed runs of each pair, (pairs,), or NaN for a pair without completed runs."""
    values = objective(trials) if measure == "objective" else floats(trials, measure)
    values = np.where(has_status(trials, COMPLETED) & (pair >= 0), values, np.nan)
    groups = Groups(np.append(pair, np.arange(-1, len(pairs.unit))))  # every pair has a group, after that of -1
    return groups.mean(np.append(values, np.full(len(pairs.unit) + 1, np.nan)))[1:]


def _half_width(differences: Floats, unit: Numbers, seed: Numbers) -> float:
    """Return the half-width of the interval of the mean of `differences`, (pairs,), or NaN for too few pairs."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    if len(np.unique(seed)) > 1:
        units = len(np.unique(unit))
        error, freedom = standard_error(lambda keep: float(differences[keep].mean()), unit, seed, units)
    elif len(differences) >= FEWEST_PAIRS:
        error, freedom = float(differences.std(ddof=1) / np.sqrt(len(differences))), len(differences) - 1
    else:
        return np.nan
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2) * error)


def _keys(trials: pa.Table) -> list[str | None]:
    return trials["config_id"].to_pylist()


def _seeds(trials: pa.Table) -> list[int]:
    """Return the seed of each run, or its replicate if the record is too old to have seeds."""
    pairs = zip(trials["seed"].to_pylist(), trials["replicate"].to_pylist(), strict=True)
    return [replicate if seed is None else seed for seed, replicate in pairs]


def _settings(trials: pa.Table) -> list[str | None]:
    """Return all settings of each run as one text, or None if they are not recorded. Settings of model and data that vary are
    left out of `configuration`, because the tables of model and data hold them.
    """
    found: dict[str | None, str | None] = {None: None}
    for text in trials["settings"].unique().drop_null().to_pylist():
        table = json.loads(text)
        for kind in ("model", "data"):
            table.get("configuration", {}).pop(kind, None)
        found[text] = json.dumps(table, sort_keys=True)
    return [found[text] for text in trials["settings"].to_pylist()]
