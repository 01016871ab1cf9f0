"""Figures on pages: two pages do not contradict each other, and what they say is what the sweep gives."""

import re

import pytest
from pages import BLOCKS, ROOT, block

from sweepgd import search
from sweepgd.analysis import summary
from sweepgd.report.numbers import significant

README, SWEEPS = BLOCKS
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


def times(line):
    """Seconds an update and seconds an epoch, which end a row of the table."""
    update, update_unit, epoch, epoch_unit = line.split()[-4:]
    return float(update) * UNITS[update_unit], float(epoch) * UNITS[epoch_unit]


def test_what_the_pages_say_of_quickstart_is_in_the_table():
    rows = {line.split()[0]: line for line in block(README).splitlines() if re.match(r" *\d+ +\d", line)}
    (update, epoch), (large_update, large_epoch) = times(rows["1"]), times(rows["512"])
    said = [" ".join(block(page).split()) for page in (README, SWEEPS)]
    assert int(re.search(r"takes (\d+) times as long", said[0])[1]) == pytest.approx(large_update / update, rel=0.02)
    for text in said:
        assert int(re.search(r"1/(\d+) of the time", text)[1]) == round(epoch / large_epoch)
    completed, diverged = map(int, rows["2"].split()[2:4])
    assert f"; {diverged} of {completed + diverged} runs at batch size 2 diverged" in said[0]


def without_times(text):
    """A text whose times, and ratios of them, are of no consequence, as words."""
    text = re.sub(r"[\d.]+ (ns|µs|ms|s)\b|takes \d+ times|1/\d+ of|\d+ times as long", "…", " ".join(text.split()))
    return text.replace("─", "").split()


@pytest.mark.slow
def test_quickstart_gives_what_the_pages_say(tmp_path):
    """Losses to 2 %: on other processors they are rounded otherwise."""
    results = search("quickstart", out=tmp_path / "out")
    for page, made in BLOCKS.items():
        for there, here in zip(without_times(block(page)), without_times(made(results)), strict=True):
            if re.fullmatch(r"[\d.]+(e-?\d+)?", there):
                assert float(here) == pytest.approx(float(there), rel=0.02), (there, here)
            else:
                assert there == here


@pytest.mark.slow
def test_house_prices_gives_what_the_page_says(tmp_path):
    page = " ".join((ROOT / "sweeps" / "README.md").read_text(encoding="utf-8").split())
    rows = summary(search("house_prices", out=tmp_path / "out"), 5)["by_batch_size"].to_pylist()
    assert {significant(row["validation_loss"]) for row in rows} == {"0.00335", "0.00336"}
    assert [(row["batch_size"], row["learning_rate"]) for row in rows] == [(1, 0.001), (10, 0.01), (100, 0.1), (600, 1.0)]
    assert "reach a validation loss of 0.00335 or 0.00336" in page
    assert "0.001 at batch 1, 0.01 at 10, 0.1 at 100, and 1 for all 600 rows" in page


@pytest.mark.slow
def test_keras_sgd_gives_what_the_page_says(tmp_path):
    page = " ".join((ROOT / "sweeps" / "README.md").read_text(encoding="utf-8").split())
    rows = {row["optimizer"]: row for row in summary(search("keras_sgd", out=tmp_path / "out"), 5)["by_optimizer"].to_pylist()}
    error = {name: 100 * row["validation_error"] for name, row in rows.items()}
    said = re.search(r"lowest validation error, ([\d.]+) ± [\d.]+ %, momentum ([\d.]+) %, plain SGD ([\d.]+) %", page)
    assert [float(number) for number in said.groups()] == pytest.approx(
        [error["nesterov_velocity"], error["momentum_velocity"], error["sgd"]], abs=0.2
    )
