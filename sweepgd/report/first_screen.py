"""The first screen of `sweepgd analyze`: the question, the findings, the claims and the next command on one screen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from textwrap import wrap

import pyarrow.compute as pc
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from sweepgd.analysis.analysis_parts import PARTS
from sweepgd.analysis.boundary import boundary
from sweepgd.analysis.rate_batch import rate_batch_map
from sweepgd.core.outcome import COMPLETED
from sweepgd.record import Results
from sweepgd.report.claims_table import COLOURS, shown_answer
from sweepgd.report.findings import findings, question
from sweepgd.report.question_table import Row
from sweepgd.sweep import recorded_claims

WIDTH, LINES = 80, 25
LABEL, ANSWER = 10, 14  # widths of the labels at the left and of the answers to claims
MOST_LINES = 3  # of a sentence


@dataclass(frozen=True)
class FirstScreen:
    """At most LINES lines of WIDTH columns. `claims` are rows of `sweepgd.analysis.claims`. If the figures are `drawn` by the
    same command, the screen does not say how to draw them.
    """

    results: Results
    claims: Sequence[Row]
    drawn: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(WIDTH, options.max_width)
        before = [*_question(self.results, width), *_findings(self.results, width)]
        after = [
            *_block("Picture", _picture_lines(self.results, self.drawn), width),
            *_block("Next", _next_lines(self.results), width),
        ]
        yield from before
        yield from _claims(self.claims, width, LINES - len(before) - len(after))
        yield from after


def picture(results: Results) -> str | None:
    """Return the name of the figure that answers the question of the study best, or None if no run has a curve."""
    trials = results.trials
    if not trials.num_rows or not pc.any(pc.greater(trials["updates"], 0)).as_py():
        return None
    if boundary(trials).num_rows:
        return "boundary_map"
    if pc.unique(trials["data"]).to_pylist() == ["none"]:
        return "surface_paths"
    measures = set(pc.unique(results.curvature["measure"]).to_pylist())
    specs = recorded_claims(results.sweep_toml)
    if measures and 2 * sum(bool({spec.of, spec.by} & measures) for spec in specs) >= len(specs) > 0:
        return "measure_against_gap"
    completed = pc.count_distinct(trials.filter(pc.equal(trials["status"], COMPLETED))["batch_size"]).as_py()
    of_sizes = {spec.of for spec in specs if spec.by == "batch_size" and completed > 1}
    if of_sizes & {"seconds_per_update", "seconds_per_epoch"}:
        return "time_by_batch_size"
    if of_sizes & {"train_error", "validation_error", "test_error"}:
        return "error_by_batch_size"
    sizes, rates = (pc.count_distinct(trials[name]).as_py() for name in ("batch_size", "learning_rate"))
    if sizes > 1 and trials["steps_to_goal"].null_count < trials.num_rows:
        return "steps_by_batch_size"
    if sizes > 1 and rates > 1:
        cells = rate_batch_map(trials)
        every = pc.count_distinct(cells["batch_size"]).as_py() * pc.count_distinct(cells["learning_rate"]).as_py()
        return "rate_batch_map" if 2 * cells.num_rows >= every else "loss_curves"  # most of the map would be empty
    if rates > 1 and pc.count_distinct(trials["optimizer"]).as_py() > 1:
        return "by_learning_rate"
    return "loss_curves"


def _question(results: Results, width: int) -> list[Text]:
    return [Text(line, style="bold") for line in _wrapped(question(results.sweep_toml), width, MOST_LINES)]


def _findings(results: Results, width: int) -> Iterator[Text]:
    for label, sentences in findings(results.trials).items():
        yield from _block(label, sentences, width)


def _claims(claims: Sequence[Row], width: int, room: int) -> Iterator[Text]:
    """Yield the claims with their answers: as whole sentences if all of them fit, or else one or two lines for each claim."""
    within = width - LABEL - ANSWER
    said = [f"{row['message']}: {row['claim']}" if row["not_run"] else row["claim"] for row in claims]
    every = [[_wrapped(sentence, within, most) for sentence in said] for most in range(MOST_LINES, 0, -1)]
    whole = next((lines for lines in every if sum(map(len, lines)) <= room), every[-1])
    shown = len(claims) if len(claims) <= room else room - 1
    for number, (row, lines) in enumerate(zip(claims[:shown], whole, strict=False)):
        label = "" if number else "Claims"
        answer = shown_answer(row)
        yield Text.assemble((f"{label:<{LABEL}}", "bold"), (f"{answer:<{ANSWER}}", COLOURS[answer]), lines[0])
        yield from (Text(" " * (LABEL + ANSWER) + line) for line in lines[1:])
    if shown < len(claims):
        yield Text(f"{'':<{LABEL}}and {len(claims) - shown} more")


def _picture_lines(results: Results, drawn: bool) -> list[str]:
    how = "" if drawn else f", drawn by: sweepgd analyze {quote(str(results.directory))} --figures figures"
    name = picture(results)
    return [f"{name}.png{how}"] if name else []


def _next_lines(results: Results) -> list[str]:
    directory = quote(str(results.directory))
    return [
        f"sweepgd report {directory} (a page with all figures)",
        f"sweepgd analyze {directory} all (all tables), or one part: {', '.join(PARTS)}",
    ]


def _block(label: str, sentences: Iterable[str], width: int) -> list[Text]:
    """Return the lines of a labelled block. Each sentence begins a line."""
    lines = [line for sentence in sentences for line in _wrapped(sentence, width - LABEL, MOST_LINES)]
    labels = [label, *[""] * len(lines)]
    return [Text.assemble((f"{label:<{LABEL}}", "bold"), line) for label, line in zip(labels, lines, strict=False)]


def _wrapped(text: str, width: int, most: int) -> list[str]:
    return wrap(text, width, max_lines=most, placeholder=" …", break_on_hyphens=False)
