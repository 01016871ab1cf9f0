"""The tables of `sweepgd.analysis.sharpness` for the terminal."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sweepgd.analysis.correlations import MATCHED
from sweepgd.analysis.measured import known
from sweepgd.analysis.small_large import OUTCOMES
from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.numbers import percent, short, significant, spread

ERRORS = ("train_error", "test_error")
# Of stability, the configurations that came closest.
MOST_ROWS = 10


def _correlation(value: float) -> str:
    return f"{value:+.2f}"


def _interval(row: Row, name: str, text: Callable[[float], str]) -> str:
    low, high = row[f"{name}low"], row[f"{name}high"]
    return "" if low is None else f"{text(low)} … {text(high)}"


def _verdict(row: Row, interval: str) -> str:
    """The verdict, with its reason where that is not to be seen from the interval."""
    seen = row["message"] is None or (row[interval] is not None and "interval" in row["message"])
    return row["verdict"] if seen else f"{row['verdict']}: {row['message']}"


def _first_of_each(rows: Sequence[Row], name: str) -> list[str]:
    """The names of `rows`, blank where the row above has the same."""
    names = [row[name] for row in rows]
    return [name if index == 0 or names[index - 1] != name else "" for index, name in enumerate(names)]


MEASURE = Column("measure", "measure", number=False)
VERDICT = Column("verdict", "verdict", number=False, wraps=True)
VARIANTS = ["the first variant of each measure; --json has them all, and against the test error"]


def _of_gap(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["target"] == "generalization_gap"]


def _family(row: Row) -> str:
    """The measure that a recorded name is a variant of, such as phi of phi_0.0005."""
    entry = known(row["measure"])
    return row["measure"] if entry is None else entry.name


def _firsts(rows: Sequence[Row]) -> list[Row]:
    """Of the variants of a measure the rows of the first: their 22 rows mostly say the same, and would hide it."""
    chosen: dict[str, str] = {}
    return [row for row in rows if chosen.setdefault(_family(row), row["measure"]) == row["measure"]]


def _measures(rows: Sequence[Row]) -> Answer:
    firsts = _firsts(rows)
    columns = (
        Column("description", "is", number=False, wraps=True),
        Column("source", "paper", number=False, wraps=True),
    )
    shown = [
        (MEASURE, [_family(row) for row in firsts]),
        *((column, [column.cell(row) for row in firsts]) for column in columns),
    ]
    lacking: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["missing"]:
            lacking[_family(row)].append(f"{row['measure']} {row['missing']}: {row['message'] or 'no reason recorded'}")
    if lacking:
        missing = ["; ".join(lacking[_family(row)]) for row in firsts]
        shown.append((Column("missing", "without a value", number=False, wraps=True), missing))
    return Answer("What was measured?", shown, frozenset(), dispensable=("source",))


def _correlations(rows: Sequence[Row]) -> Answer:
    rows, every = _firsts(_of_gap(rows)), _of_gap(rows)
    losses = [
        f"{short(row['train_loss_from'])} … {short(row['train_loss_to'])}" if row["among"] == MATCHED and row["pairs"] else ""
        for row in rows
    ]
    # A measure that is constant is so in each of its rows: the first says it.
    told = {(row["measure"], row["message"]): index for index, row in reversed([*enumerate(rows)])}
    verdicts = [
        _verdict(row, "kendall_low") if told[row["measure"], row["message"]] == index else row["verdict"]
        for index, row in enumerate(rows)
    ]
    shown = [
        (MEASURE, _first_of_each(rows, "measure")),
        *_cells(rows, Column("among", "among", number=False)),
        *_cells(rows, Column("runs", "runs"), Column("configurations", "confi-\ngurations"), Column("pairs", "pairs")),
        (Column("train_loss_from", "train loss"), losses),
        *_cells(rows, Column("spearman", "ρ", _correlation), Column("kendall", "τ-b", _correlation)),
        (Column("kendall_low", "95 %\ninterval"), [_interval(row, "kendall_", _correlation) for row in rows]),
        (VERDICT, verdicts),
    ]
    legend = [
        "τ-b = Kendall's, ρ = Spearman's rank correlation with test (where none, validation) - train loss",
        "intervals by bootstrap over configurations, of which 1 in 20 misses by chance",
        "equal train loss = within a tenth of a decade",
        "a correlation among all runs may be that of rate, batch size or train loss with both",
    ]
    legend += VARIANTS if len(every) > len(rows) else []
    least = ("pairs", "spearman", "configurations", "train_loss_from", "runs", "kendall_low")
    return Answer(
        "Does a larger measure go with a larger generalization gap?", shown if rows else [], frozenset(), legend, least
    )


def _granulated(rows: Sequence[Row]) -> Answer:
    rows, every = _firsts(_of_gap(rows)), _of_gap(rows)
    axes = list(dict.fromkeys(row["axis"] for row in rows))
    of_axis = {axis: [row for row in rows if row["axis"] == axis] for axis in axes}
    overall = of_axis.get("Ψ", [])
    shown = [
        (MEASURE, [row["measure"] for row in overall]),
        *_cells(overall, Column("configurations", "confi-\ngurations"), Column("groups", "groups")),
    ]
    for axis in axes:
        value = Column("value", axis.replace("_", "\n"), _correlation)
        shown.append((Column(axis, value.heading), [value.cell(row) for row in of_axis[axis]]))
    shown.append((Column("low", "95 %\ninterval"), [_interval(row, "", _correlation) for row in overall]))
    shown.append((VERDICT, [_verdict(row, "low") for row in overall]))
    legend = [
        "mean τ-b of runs that differ in this one alone, seeds equal too; Ψ = mean over them (Jiang et al. 2020)",
        "near 0 where the measure says nothing that the others do not",
        *(VARIANTS if len(every) > len(rows) else []),
    ]
    return Answer(
        "Does it rank runs that differ in one hyperparameter alone?",
        shown if rows else [],
        frozenset(),
        legend,
        ("groups", "configurations", *axes[:-1][::-1]),
    )


def _small_large(rows: Sequence[Row]) -> Answer:
    question = "Small against large batch"
    if not rows:
        return Answer(question, [], frozenset(), empty="nothing to compare: runs of two batch sizes did not complete")
    first = rows[0]
    rows = [row for row in rows if row["small_mean"] is not None or row["large_mean"] is not None]
    heading = {side: f"batch {first[f'{side}_batch_size']}" for side in ("small", "large")}
    shown = [
        (Column("quantity", "", number=False), [_quantity(row["quantity"]) for row in rows]),
        *((Column(side, heading[side]), [_mean(row, side) for row in rows]) for side in heading),
        *_cells(rows, Column("ratio", "ratio", significant)),
        (Column("ratio_low", "95 %\ninterval"), [_interval(row, "ratio_", significant) for row in rows]),
        (VERDICT, [_verdict(row, "ratio_low") for row in rows]),
    ]
    between = f"{significant(first['train_loss_from'])} … {significant(first['train_loss_to'])}"
    runs = f"{first['small_runs']} and {first['large_runs']} runs"
    matching = (
        f"{runs} at matched train loss, {between}" if first["matched"] else f"all {runs}: no two of each have train losses"
    )
    if not first["matched"]:
        matching += f" within a factor of 2; they are {between}"
    legend = [
        matching,
        "± standard deviation over runs",
        "gap = test - train loss, ratio = of geometric means, large to small, with Welch's interval",
    ]
    return Answer(question, shown, frozenset(), legend, ("ratio", "ratio_low"))


def _quantity(name: str) -> str:
    if name not in OUTCOMES:
        return name
    return "gap" if name == "generalization_gap" else name.replace("_", " ") + " %" * (name in ERRORS)


def _mean(row: Row, side: str) -> str:
    mean, deviation = row[f"{side}_mean"], row[f"{side}_sd"]
    if mean is None:
        return ""
    if row["quantity"] in ERRORS:
        return percent(mean) if deviation is None else f"{percent(mean)} ±{percent(deviation)}"
    return significant(mean) if deviation is None else spread(mean, deviation)


def _stability(rows: Sequence[Row]) -> Answer:
    question = "Did λmax reach 2/rate along training?"
    columns = (
        Column("trial", "trial"),
        Column("optimizer", "optimizer", number=False),
        Column("batch_size", "batch\nsize"),
        Column("looks", "looks"),
        Column("share_beyond", "beyond\n%", lambda share: f"{100 * share:.0f}"),
        Column("epoch", "closest\nat epoch", short),
        Column("learning_rate", "rate", short),
        Column("lambda_max", "λmax", significant),
        Column("threshold", "2/rate", significant),
        Column("ratio", "rate ×\nλmax/2", significant),
    )
    legend = [
        "plain gradient descent on the full batch is unstable beyond 2/rate (Cohen et al. 2021)",
        "momentum β moves the threshold to 2(1 + β)/rate; adaptive rules have another",
    ]
    if len(rows) > MOST_ROWS:
        legend.insert(0, f"the {MOST_ROWS} of {len(rows)} configurations that came closest")
    shown = _cells(rows[:MOST_ROWS], *columns)
    empty = "not measured along training: a sweep's [measure] does with every = 1 (epochs)"
    return Answer(question, shown if rows else [], frozenset(), legend, ("looks", "batch_size"), empty)


def _invariance(rows: Sequence[Row]) -> Answer:
    factors = {row[name] for row in rows for name in ("rescaling_from", "rescaling_to") if row[name] is not None}
    by = f" by {' to '.join(map(short, sorted({min(factors), max(factors)})))}" if factors else ""
    columns = (
        MEASURE,
        Column("minimisers", "mini-\nmisers"),
        Column("ratio", "median\nratio", significant),
        Column("share_equal", "equal\n%", lambda share: f"{100 * share:.0f}"),
        Column("seen", "seen", number=False),
        Column("expected", "in theory", number=False),
    )
    shown = _cells(rows, *columns)
    if any(row["message"] for row in rows):
        shown.append((Column("message", "", number=False, wraps=True), [row["message"] or "" for row in rows]))
    return Answer(
        f"What changes when layers are rescaled{by}, and the network's outputs are not?",
        shown if rows else [],
        frozenset(),
        ["equal = within 1 % and the recorded errors (Dinh et al. 2017)"],
        empty="not measured at rescaled weights: sweepgd measure does with --rescale 10",
    )


def _cells(rows: Sequence[Row], *columns: Column) -> list[tuple[Column, Sequence[str]]]:
    return [(column, [column.cell(row) for row in rows]) for column in columns]


SHARPNESS: dict[str, Callable[[Sequence[Row]], Answer]] = {
    "measures": _measures,
    "correlations": _correlations,
    "granulated": _granulated,
    "small_large": _small_large,
    "stability": _stability,
    "invariance": _invariance,
}
