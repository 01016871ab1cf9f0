"""The table of small against large batch."""

from report.printed_tables import answer, sharpness_study, text
from study_tables import Tables, curvature, run, trials, value


def test_small_against_large_batch_describes_the_matching():
    lines = answer(text(sharpness_study()), "Small against large batch")
    assert lines[2].split()[:4] == ["batch", "16", "batch", "400"]
    [error] = [line.split() for line in lines if line.startswith("test error %")]
    assert error[3:7] == ["1.28", "±0.60", "5.27", "±0.60"]
    legend = " ".join(" ".join(lines).split())
    assert "8 and 8 runs (4 and 4 configurations) at matched train loss, within a factor of 1.26: 0.00900 … 0.0101" in legend
    assert "interval over 4 pairs of configurations that differ in batch size, and in rate by less than" in legend
    assert "± standard deviation over runs of the pairs" in legend


def test_ratio_and_interval_are_left_out_together():
    shown = text(sharpness_study(), 60)
    lines = answer(shown, "Small against large batch")
    assert "too narrow for ratio, 95 % interval" in " ".join(" ".join(lines).split())
    assert lines[1].split()[-1] == "verdict"


def test_without_matched_train_losses_the_sizes_are_not_comparable():
    losses = {8: 1.0, 64: 100.0}
    rows = [run(size + r, 1.0, batch_size=size, train_loss=losses[size] * (1 + r / 9)) for size in losses for r in range(3)]
    recorded = [value(size + r, size * (1.0 + r)) for size in losses for r in range(3)]
    lines = answer(text(Tables(trials(*rows), curvature=curvature(*recorded))), "Small against large batch")
    assert {line.split()[-1] for line in lines if line.startswith(("train loss", "lambda_max"))} == {"comparable"}
    legend = " ".join(lines)
    assert "not comparable = there are 3 and 3 runs, but no range of train losses within a factor of 1.26 holds" in legend


def test_one_configuration_against_another_has_its_own_legend():
    rows = [
        run(size, 1.0, r, batch_size=size, train_loss=0.01, generalization_gap=1.0 + r) for size in (8, 64) for r in range(3)
    ]
    recorded = [value(size, size * (1.0 + r + 0.1 * (size > 8) * r), replicate=r) for size in (8, 64) for r in range(3)]
    lines = answer(text(Tables(trials(*rows), curvature=curvature(*recorded))), "Small against large batch")
    [measure] = [line.split() for line in lines if line.startswith("lambda_max")]
    assert (measure[5], measure[-1]) == ("8.31", "larger")
    legend = " ".join(" ".join(lines).split())
    assert "3 and 3 runs (1 and 1 configurations)" in legend
    assert "interval over 3 replicates, which holds for these two configurations only" in legend
    assert "larger =" not in legend
