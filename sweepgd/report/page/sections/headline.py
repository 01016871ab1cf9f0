"""The first screen of the page: what was asked, what was run, and the best configuration with an honest interval."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.analysis.objective_name import objective_name
from sweepgd.record import Results
from sweepgd.report.best_value import best_value
from sweepgd.report.findings import as_good
from sweepgd.report.number_format import duration, short
from sweepgd.report.page.escaping import text
from sweepgd.report.question_table import Row

Card = tuple[str, str, str]


def headline(results: Results, sweep: dict[str, Any], tables: dict[str, pa.Table]) -> str:
    """Return the paragraphs and cards above the sections.

    `sweep` holds the values of the sweep file, and `tables` the tables of `analysis.summary`.
    """
    trials = results.trials
    asked = f'<p class="question">{text(sweep["description"])}</p>\n' if sweep.get("description") else ""
    paragraphs = [text(sweep["source"])] if sweep.get("source") else []
    paragraphs.append(text(_kind(trials)))
    best = best_card("Best configuration", tables["best"].to_pylist(), objective_name(trials))
    cards = [_runs(tables["endings"].to_pylist(), sweep), best, *_diverged(trials), *_time(trials)]
    equal = as_good(trials) if trials.num_rows else None
    after = f"<p>{text(equal)}</p>" if equal else ""
    return asked + "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs) + cards_html(cards) + after


def cards_html(cards: Sequence[Card]) -> str:
    """Return cards, each with its title, a value in large letters, and more about the value."""
    shown = "".join(
        f'<div class="card"><dt>{text(title)}</dt><dd><strong>{text(value)}</strong><span>{text(more)}</span></dd></div>'
        for title, value, more in cards
    )
    return f'<dl class="cards">{shown}</dl>'


def _kind(trials: pa.Table) -> str:
    """Return a sentence on the data and the model."""
    if not trials.num_rows:
        return "Nothing is recorded yet: no trial has ended."
    names = {name: [value for value in pc.unique(trials[name]).to_pylist() if value] for name in ("data", "model")}
    model = ", ".join(names["model"]) or "not recorded"
    settings = json.loads(trials["settings"][0].as_py() or "{}")
    if names["data"] == ["none"]:
        return f"A surface without data. Model: {model}."
    errors = [name for name in ("train_error", "validation_error", "test_error") if trials[name].null_count < trials.num_rows]
    classes = settings.get("classes")
    task = f", a classification with {len(classes)} classes" if classes else ", a classification" if errors else ""
    regression = classes is None and not errors and trials["train_loss"].null_count < trials.num_rows
    return f"Data: {', '.join(names['data'])}{', a regression' if regression else task}. Model: {model}."


def _runs(ended: list[Row], sweep: dict[str, Any]) -> Card:
    planned = sweep.get("search", {}).get("trials", 0)
    done, more = 0, ["no trial is recorded"]
    for row in ended:  # at most one
        done = row["configurations"] + row["repeats"]
        more = [f"{row['replicates']:,} run{'s' * (row['replicates'] != 1)}", f"{row['completed']:,} completed"]
        more += [f"{row[name]:,} {name.replace('_', ' ')}" for name in CUT_SHORT if row[name]]
        more += ["the search is still running, was stopped, or has no other configuration"] * (done < planned)
    return "Trials", f"{done:,} of {planned:,}" if done < planned else f"{done:,}", "; ".join(more)


def best_card(title: str, rows: list[Row], name: str) -> Card:
    """Return the card of the best configuration, the first of `rows`, with its objective as in `best_value`."""
    if not rows or rows[0]["objective"] is None:
        return title, "none", "no trial completed with an objective"
    row = rows[0]
    rate = "" if row["learning_rate"] is None else f", rate {short(row['learning_rate'])}"
    named = f"{name} of trial {row['trial']}: {row['optimizer']}, batch size {row['batch_size']}{rate}"
    value = best_value(row, name)
    interval = f"{100 * CONFIDENCE:g} % interval {value.interval}" if value.interval else ""
    about = [interval, value.about]
    if value.estimate:
        chosen = f"a configuration chosen this way has {value.estimate} ({interval}) on a replicate that did not choose it"
        about = [value.about, chosen]
    return title, value.number, "; ".join(filter(None, (named, *about)))


def _diverged(trials: pa.Table) -> list[Card]:
    rows = trials.filter(pc.equal(trials["status"], "diverged"))
    if not rows.num_rows:
        return []
    rates = pc.min_max(rows["learning_rate"]).as_py()
    low, high = (None if rates[end] is None else short(rates[end]) for end in ("min", "max"))
    known = "" if low is None else f"learning rate {low}" if low == high else f"learning rates {low} to {high}"
    return [("Diverged", f"{rows.num_rows:,} of {trials.num_rows:,} runs", known)]


def _time(trials: pa.Table) -> list[Card]:
    begin, end = pc.min(trials["started_at"]).as_py(), pc.max(trials["finished_at"]).as_py()
    spent = pc.sum(trials["train_seconds"]).as_py()
    if begin is None or end is None:
        return []
    first, last = (f"{moment:%Y-%m-%d %H:%M}" for moment in (begin, end))
    more = f"{first} UTC" if first == last else f"from {first} to {last} UTC"
    return [("Time", "" if spent is None else f"{duration(spent)} of training", more)]
