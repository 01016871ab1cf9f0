"""Plain text about one run and about a dry run of a sweep."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from sweepgd.cli.console import say, width
from sweepgd.cli.data_summary import data_lines, data_values
from sweepgd.cli.layer_lines import layer_lines, layer_values
from sweepgd.core.setting import shown
from sweepgd.data import Data
from sweepgd.report.number_format import duration, percent, significant
from sweepgd.study.preparation import Prepared
from sweepgd.sweep import configuration_of
from sweepgd.sweep.measure_options import in_words
from sweepgd.sweep.setting_axes import Choice, choices
from sweepgd.sweep.setting_axes import in_words as settings_in_words
from sweepgd.sweep.space import Axis
from sweepgd.training import Evaluation, Training
from sweepgd.training.sweep_context import SweepContext

# At most this many values of an axis are listed, followed by the last value and the number of values.
MOST_VALUES = 16


class RunPrinter:
    """Prints one line per evaluation of a run, and its outcome at the end. If `quiet`, only the last evaluation is printed."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._began = False

    def note(self, what: str) -> None:
        """Print a message on stderr, unless quiet."""
        if not self._quiet:
            print(what, file=sys.stderr)

    def data(self, data: Data) -> None:
        """Print the summary of the data, unless quiet."""
        if not self._quiet:
            for line in data_lines(data):
                say(line)

    def point(self, point: Evaluation) -> None:
        """Print a line for an evaluation. The first line has a heading above it."""
        if self._quiet:
            return
        *heading, line = _columns(point, width())
        print(line if self._began else "\n".join([*heading, line]), flush=True)
        self._began = True

    def end(self, training: Training) -> None:
        """Print the last evaluation if quiet, then the outcome of the run and its time."""
        assert training.outcome is not None
        line = f"{training.outcome.status}: {training.outcome.message}"
        if training.updates:
            per_update = duration(training.seconds / training.updates)
            line += f"; {training.updates} updates in {duration(training.seconds)}, {per_update} each"
        if training.steps_to_goal is not None:
            line += f"; goal reached after {training.steps_to_goal} updates"
        if training.points and not self._began:
            print("\n".join(_columns(training.points[-1], width())))
        say(line)

    def as_json(self, training: Training) -> str:
        """Return the outcome and all evaluations as JSON, with null for NaN."""
        assert training.outcome is not None
        points = [
            {name: None if value != value else value for name, value in point._asdict().items()} for point in training.points
        ]
        values = {"status": training.outcome.status, "message": training.outcome.message, "data": data_values(training.data)}
        return json.dumps(values | {"curve": points}, indent=2)


def _columns(point: Evaluation, limit: float) -> list[str]:
    """Return the lines of a heading and the line of an evaluation, without the losses and errors that the run does not have.

    If a line would be longer than `limit`, the heading takes two lines and the columns are narrower. If the lines are still too
    long, the norm of the gradient is left out.
    """
    fields = {
        "epoch": f"{point.epoch:g}",
        "updates": str(point.update),
        "rate": "" if isnan(point.learning_rate) else f"{point.learning_rate:.3g}",
    }
    for part in ("train", "validation", "test"):
        loss, error = getattr(point, f"{part}_loss"), getattr(point, f"{part}_error")
        short = "valid." if part == "validation" else part
        if not isnan(loss) or part == "train":
            fields[f"{short}\nloss"] = significant(loss)
        if not isnan(error):
            fields[f"{short}\nerr. %"] = percent(error)
    if not isnan(point.gradient_norm):
        fields["|gradient|"] = significant(point.gradient_norm)
    names = [name.replace("\n", " ") for name in fields]
    widths = [max(len(name), 9) for name in names]
    if sum(widths) + 2 * (len(widths) - 1) <= limit:
        return [_aligned(names, widths, "  "), _aligned(fields.values(), widths, "  ")]
    headings = [("" if "\n" not in name else name.split("\n")[0], name.split("\n")[-1]) for name in fields]
    narrow = [9 if name == "epoch" else 7 if "err." in name else 8 for name in fields]
    if sum(narrow) + len(narrow) + 1 > limit:
        headings, narrow = headings[:-1], narrow[:-1]
    else:
        narrow[-1] = len("|gradient|")
    lines = (*zip(*headings, strict=True), list(fields.values())[: len(narrow)])
    return [_aligned(texts, narrow, " ") for texts in lines]


def _aligned(texts: Iterable[str], widths: Sequence[int], gap: str) -> str:
    return gap.join(text.rjust(width) for text, width in zip(texts, widths, strict=True))


def show_plan(context: SweepContext, *, as_json: bool) -> None:
    """Print the data and the layers of a run that is not run, as text or JSON."""
    data, architecture = context.data(0), context.architecture
    if as_json:
        values = {"data": data_values(data), "parameters": architecture.parameters, "layers": layer_values(architecture)}
        print(json.dumps(values, indent=2))
        return
    for line in data_lines(data):
        say(line)
    layers = layer_lines(architecture)
    lines = ["", *layers, ""] if layers else [f"model: {context.sweep.model.name}, {architecture.parameters} parameters"]
    print("\n".join([*lines, "The run is valid; nothing was run."]))


def space_values(prepared: Prepared) -> dict[str, Any]:
    """Return what a sweep would run, as values for JSON: number of trials, search space and first configurations."""
    advisor, measure = prepared.advisor, prepared.sweep.measure
    first: list[dict[str, Any]] = []
    generation = next(group for group in advisor.generations(prepared.total) if len(group))
    advisor.begin(generation)
    for number in generation[:5]:
        first.append(configuration_of(advisor.ask(number)).to_dict())
    return {
        "trials": prepared.total,
        "configurations": advisor.space.countable if advisor.space.finite else None,
        "used_up": advisor.used_up or None,
        "replicates": prepared.sweep.search.replicates,
        "training_rows": prepared.context.data(0).rows,
        "data": data_values(prepared.context.data(0)),
        "parameters": prepared.context.architecture.parameters,
        "layers": layer_values(prepared.context.architecture),
        "budget": prepared.sweep.budget.model_dump(exclude_defaults=True),
        "measure": None if measure is None else measure.model_dump(mode="json", exclude_none=True),
        "objectives": list(prepared.context.objectives),
        "space": {axis.name: describe(axis) for axis in advisor.space.axes},
        "first": first,
        "warnings": prepared.warnings,
    }


def space_text(prepared: Prepared, values: Mapping[str, Any]) -> str:
    """Return `values`, the result of `space_values`, as text."""
    variants, layers = prepared.context.variants, layer_lines(prepared.context.architecture)
    lines = [
        f"{prepared.sweep.name}: {values['trials']} trials of {values['replicates']} replicate(s),"
        f" sampler {prepared.sweep.search.sampler}, minimising {', '.join(values['objectives'])}",
        *([values["used_up"]] if values["used_up"] else []),
        f"{_span(variant.data(0).rows for variant in variants)} training rows,"
        f" {_span(variant.architecture.parameters for variant in variants)} parameters",
        *data_lines(prepared.context.data(0)),
        "a run: " + ", ".join(f"{key} {shown(value)}" for key, value in values["budget"].items()),
        *([] if prepared.sweep.measure is None else [f"measuring {in_words(prepared.sweep.measure)}"]),
        *(["", f"layers{_of_first(prepared)}:", *(f"  {line}" for line in layers)] if layers else []),
        "",
        "space:",
        *(f"  {name}: {text}" for name, text in values["space"].items()),
        "",
        "first trials:",
    ]
    for number, configuration in enumerate(values["first"]):
        settings = settings_in_words(Choice(configuration.get("model", {}), configuration.get("data", {})))
        lines.append(
            f"  {number}: {configuration['optimizer']}, batch size {configuration['batch_size']},"
            f" learning rate {configuration['learning_rate']:.3g}, schedule {configuration['schedule']}"
            + (settings and f", {settings}")
        )
    lines += ["", "The sweep is valid; nothing was run."]
    return "\n".join(lines)


def _of_first(prepared: Prepared) -> str:
    """Return the settings of the model whose layers are shown, if a setting varies."""
    first = next(choices(prepared.sweep), None)
    return f" where {settings_in_words(Choice(first.model, {}))}" if first is not None and first.model else ""


def _span(counts: Iterable[int]) -> str:
    found = sorted(set(counts))
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def describe(axis: Axis) -> str:
    """Return the values or the range of an axis as text, followed by the condition under which the axis applies."""
    if axis.values:
        text = ", ".join(str(value) for value in axis.values[:MOST_VALUES])
        if len(axis.values) > MOST_VALUES:
            text += f", … {axis.values[-1]} ({len(axis.values)} values)"
    else:
        text = f"{axis.low:g} to {axis.high:g}" + (", log" if axis.log else "") + (f", step {axis.step:g}" if axis.step else "")
    if axis.when is not None:
        text += f"  (where {axis.when[0]} is {' or '.join(str(value) for value in axis.when[1])})"
    return text
