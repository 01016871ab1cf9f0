import json

import pytest
from rich.console import Console
from study_tables import Tables, minima, minimum, run, study_of_rates, trials

from sweepgd.analysis import summary
from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of
from sweepgd.report.summary_tables import render, to_json


def text(table, width=100, **others):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(summary(Tables(table, **others))))
    return capture.get()


def test_the_table_of_best_configurations_as_printed():
    shown = text(
        trials(
            run(0, 0.25, 0, hyperparameters={"momentum": 0.9, "epsilon": 1e-8}, train_loss=0.1, validation_error=0.02),
            run(0, 0.35, 1, hyperparameters={"momentum": 0.9, "epsilon": 1e-8}, train_loss=0.2, validation_error=0.04),
            run(1, 0.2, 0, hyperparameters={"momentum": 0.5, "epsilon": 1e-8}, train_loss=0.05, validation_error=0.01),
        ),
        width=120,
    )
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines[:7] == [
        "Which configurations did best?",
        "                            batch         train        valid.  valid.",
        "trial  optimizer  schedule   size  rate    loss          loss  err. %  other settings",
        "─────────────────────────────────────────────────────────────────────────────────────",
        "    1  sgd        constant     32   0.1  0.0500         0.200    1.00  momentum=0.5",
        "    0  sgd        constant     32   0.1   0.150  0.300 ±0.050    3.00  momentum=0.9",
        "lowest validation loss first, of 2 complete configurations (a minimum is biased low); ± standard error over"
        " replicates;",
    ]
    assert "other settings, equal in all rows that have them: epsilon=1e-8" in " ".join(shown.split())


def test_the_update_of_the_best_evaluation_is_shown():
    lines = text(trials(run(0, 0.25, evaluated_at_update=40), run(0, 0.35, 1, evaluated_at_update=100))).splitlines()
    assert [line.split()[-1] for line in lines[1:5:2]] == ["at", "─" * len(lines[3])]
    assert lines[4].split() == ["0", "sgd", "constant", "32", "0.1", "0.300", "±0.050", "70"]
    assert "at update = update at which the losses, errors" in " ".join(lines[5:7]).replace("  ", " ")
    assert "at update" not in text(trials(run(0, 0.25, evaluated_at_update=100), run(0, 0.35, 1)))


def test_a_pruned_search_shows_counts_by_status_and_marks_unranked_levels():
    # 4 completed and 56 pruned trials, as with ASHA.
    rows = [run(trial, 0.1 + trial / 100, batch_size=8) for trial in range(4)]
    rows += [run(trial, 0.2 + trial / 100, batch_size=8 << (trial % 7), status="pruned") for trial in range(4, 60)]
    lines = [line.rstrip() for line in text(trials(*rows), width=120).splitlines()]
    first, second = (
        lines.index("Which configurations did best?"),
        lines.index("Which batch size? Each at its best configuration"),
    )
    assert lines[first + 4 : first + 9] == [
        "    0  sgd        constant      8   0.1    0.100",
        "    1  sgd        constant      8   0.1    0.110",
        "    2  sgd        constant      8   0.1    0.120",
        "    3  sgd        constant      8   0.1    0.130",
        "    4  sgd        constant    128   0.1  (0.240)  1 pruned of 1",
    ]
    legend = " ".join(" ".join(lines[first:second]).split())
    assert "lowest validation loss first, of 4 complete configurations (a minimum is biased low)" in legend
    assert "(…) = last value of a pruned configuration" in legend
    assert "runs: 4 completed, 56 pruned; 4 of 60 configurations complete (all replicates completed)" in legend
    assert [line.split() for line in lines[second + 4 : second + 11]] == [
        ["8", "12", "4", "8", "0.1", "0.100", "100"],
        *([f"{8 << place}*", "8", "8", f"({0.2 + (place if place > 3 else 7 + place) / 100:.3f})"] for place in range(1, 7)),
    ]
    assert "* = too few to rank: fewer than 3 complete configurations (all replicates completed)" in " ".join(lines[second:])


def test_the_objective_on_other_seeds_is_shown():
    values = [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0], [8.0, 8.0, 8.0]]
    rows = [run(trial, value, replicate) for trial, row in enumerate(values) for replicate, value in enumerate(row)]
    lines = [line.rstrip() for line in text(trials(*rows), width=120).splitlines()]
    assert lines[1:7] == [
        "                            batch           valid.",
        "trial  optimizer  schedule   size  rate       loss",
        "──────────────────────────────────────────────────",
        "    1  sgd        constant     32   0.1  2.00 ±0.0",
        "    0  sgd        constant     32   0.1  3.67 ±2.7",
        "    2  sgd        constant     32   0.1  8.00 ±0.0",
    ]
    legend = " ".join(lines)
    assert "a configuration chosen this way has 4.33 ±2.3 on a replicate that did not choose it" in legend
    assert "on other seeds = objective on one replicate of the configuration that all other replicates select" in legend


def test_repeats_of_a_configuration_are_counted_in_the_legend():
    rows = [run(trial, 1.0 + trial % 4, config_id=f"c{trial % 4}") for trial in range(20)]
    shown = " ".join(text(trials(*rows), width=200).split())
    assert "16 trials repeat a configuration and are not counted" in shown
    assert shown.count(" sgd constant 32 0.1 ") == 4


def test_an_objective_that_is_not_a_loss_has_a_column():
    shown = text(trials(run(0, 5.0, validation_loss=1.0)))
    assert "objective" in shown.splitlines()[2]
    assert "lowest objective first" in shown


def test_a_table_of_one_value_is_only_in_json():
    tables = summary(Tables(trials(run(0, 1.0), run(1, 2.0, optimizer="adam"))))
    assert len(to_json(tables)["by_schedule"]) == 1
    shown = text(trials(run(0, 1.0), run(1, 2.0, optimizer="adam")))
    assert [name in shown for name in ("Which batch size?", "Which optimizer?", "Which schedule?")] == [True, True, False]


def test_binned_batch_sizes_are_shown_as_ranges():
    shown = text(trials(*(run(size, 1.0 / size, batch_size=size) for size in range(1, 17))))
    assert "12-16" in shown
    assert "6-11" in shown


def test_columns_of_nulls_are_left_out():
    shown = text(trials(run(0, 1.0)))
    assert "err." not in shown
    assert "gap" not in shown


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_narrow_console_leaves_out_columns_and_truncates_no_value(width):
    shown = text(study_of_rates()[0], width)
    assert "…" not in shown
    assert max(len(line) for line in shown.splitlines()) <= width
    assert ("too narrow for time/epoch, time/update" in " ".join(shown.split())) == (width < 120)


def test_80_columns_keep_counts_and_test_errors_and_leave_out_times():
    shown = text(study_of_rates()[0], 80)
    for heading in ("trials", "test\nerr. %"):
        assert all(part in shown for part in heading.split("\n"))
    for table in shown.split("Which ")[2:]:
        assert "trials" in table.splitlines()[2]
        assert table.splitlines()[1].split().count("test") == 1
        assert "time" not in table.splitlines()[1]


def test_without_a_terminal_there_are_no_escape_sequences(capsys):
    Console(width=100).print(render(summary(Tables(study_of_rates()[0]))))
    assert "\x1b" not in capsys.readouterr().out


def test_studies_without_completed_runs_say_so():
    assert text(trials()).count("no configuration has completed yet") == 4
    shown = text(trials(run(0, None)))
    ended = "runs: 1 diverged; 0 of 1 configurations complete (all replicates completed)"
    assert f"no configuration has completed yet; {ended}" in " ".join(shown.split())


def test_json_keeps_full_precision_and_nulls():
    table = trials(run(0, 1 / 3, hyperparameters={"momentum": 0.9}), run(1, None, batch_size=64))
    values = json.loads(json.dumps(to_json(summary(Tables(table))), allow_nan=False))
    assert list(values) == ["best", "by_batch_size", "by_optimizer", "by_schedule", "endings"]
    [best] = values["best"]
    assert (best["objective"], best["hyperparameters"], best["test_loss"]) == (1 / 3, {"momentum": 0.9}, None)
    assert [row["best_trial"] for row in values["by_batch_size"]] == [0, None]


def learned(width):
    layout = layout_of([Tensor((2, 1), WEIGHT, 2, 1), Tensor((1,), BIAS, 2, 1)])
    recorded = minima(
        minimum(0, [2.0003, -3.4, 4.25], layout, 0),
        minimum(0, [1.9997, -3.4, 4.15], layout, 1),
        minimum(1, [2.5, 0.0, 1.0], layout),
    )
    table = trials(run(0, 0.1, 0, parameters=3), run(0, 0.1, 1, parameters=3), run(1, 0.2, parameters=3))
    lines = [line.rstrip() for line in text(table, width, minima=recorded).splitlines()]
    return lines[next(i for i, line in enumerate(lines) if line.startswith("What was learned?")) :]


def test_the_table_of_learned_weights_as_printed():
    assert learned(100) == [
        "What was learned? Mean weights over replicates ± standard deviation",
        "                            batch",
        "trial  optimizer  schedule   size  rate                w1           w2             b",
        "────────────────────────────────────────────────────────────────────────────────────",
        "    0  sgd        constant     32   0.1  2.00000 ±0.00042  -3.400 ±0.0  4.200 ±0.071",
        "    1  sgd        constant     32   0.1             2.500        0.000         1.000",
        "weights apply to inputs as used in training, which are standardized if the sweep says so",
        "",
    ]


def test_a_narrow_console_leaves_out_the_last_weights():
    assert learned(40)[2:5] == [  # the question takes two lines
        "trial                w1           w2",
        "────────────────────────────────────",
        "    0  2.00000 ±0.00042  -3.400 ±0.0",
    ]
