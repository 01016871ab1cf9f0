"""Figures on pages: two pages do not contradict each other, and what they say is what the sweep gives."""

import re
import tomllib

import pytest
from optional_data import skipped_without_data
from pages import BLOCKS, BUNDLED, COMPARED, NAMES, README, block

from sweepgd import search
from sweepgd.analysis import summary
from sweepgd.curvature.catalogue import measure_of
from sweepgd.report.number_format import significant
from sweepgd.sweep import bundled

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?(?:e-?\d+)?)")


def words(page):
    """The text of a page on one line."""
    return " ".join(page.read_text(encoding="utf-8").split())


def bundled_sweep(name):
    """The keys of a bundled sweep."""
    return tomllib.loads(bundled()[name].read_text(encoding="utf-8"))


def times(line):
    """Seconds an update and seconds an epoch, which end a row of the table."""
    update, update_unit, epoch, epoch_unit = line.split()[-4:]
    return float(update) * UNITS[update_unit], float(epoch) * UNITS[epoch_unit]


def comparison(name, page):
    """Of a table of small and large batches: its headings, the cells of each row by quantity, and its legend as one line."""
    above, below = re.fullmatch(r"```\n(.*?)\n─+\n(.*?)\n```.*", block(name, page), re.DOTALL).groups()
    lines = below.splitlines()
    cells = [re.split(r" {2,}", line) for line in lines]
    rows = {row[0]: row[1:] for row in cells if len(row) > 1}
    return re.split(r" {2,}", above.splitlines()[-1].strip()), rows, " ".join(lines[len(rows) :])


def test_what_the_pages_say_of_quickstart_is_in_the_table():
    table = block("quickstart", README)
    rows = {line.split()[0]: line for line in table.splitlines() if re.match(r" *\d+ +\d", line)}
    (update, epoch), (large_update, large_epoch) = times(rows["1"]), times(rows["512"])
    said = [" ".join(block("quickstart", page).split()) for page in (README, BUNDLED)]
    assert int(re.search(r"takes (\d+) times as long", said[0])[1]) == pytest.approx(large_update / update, rel=0.02)
    for text in said:
        assert int(re.search(r"1/(\d+) of the time", text)[1]) == round(epoch / large_epoch)
    completed, diverged = map(int, rows["2"].split()[2:4])
    assert f"; {diverged} of {completed + diverged} runs at batch size 2 diverged" in said[0]


def test_the_table_of_quickstart_has_the_batch_sizes_and_runs_of_the_sweep():
    sweep = bundled_sweep("quickstart")
    sizes, search = sweep["space"]["batch_size"], sweep["search"]
    lines = [line.split() for line in block("quickstart", README).splitlines() if re.match(r" *\d+ +\d", line)]
    assert sizes == {"low": 1, "high": 512, "log": True, "step": 2}
    assert [int(cells[0]) for cells in lines] == [2**power for power in range(10)]
    assert sum(int(cells[1]) for cells in lines) == search["trials"]
    # Where none diverged that cell is empty, and the third number after the trials is the rate.
    runs = [[int(cell) for cell in cells[2:4] if cell.isdigit()] for cells in lines]
    assert sum(map(sum, runs)) == search["trials"] * search["replicates"]


@pytest.mark.parametrize(("name", "page"), [("sharp_flat", BUNDLED), ("sharp_flat_fashion", BUNDLED)])
def test_the_tables_of_small_and_large_batches_have_the_rows_and_runs_of_the_sweep(name, page):
    sweep = bundled_sweep(name)
    headings, rows, legend = comparison(name, page)
    sizes, replicates = sorted(sweep["space"]["batch_size"]), sweep["search"]["replicates"]
    assert headings == [f"batch {sizes[0]}", f"batch {sizes[-1]}", "ratio", "interval", "verdict"]
    assert list(rows) == ["train loss", "test error %", "gap", *COMPARED[3:]]
    assert {measure_of(measure).name for measure in NAMES} <= set(sweep["measure"]["measures"])
    *compared, small, large = map(int, re.match(r"(\d+) and (\d+) runs \((\d+) and (\d+) configurations\)", legend).groups())
    for runs, configurations in zip(compared, (small, large), strict=True):
        assert configurations <= runs <= configurations * replicates
    at_a_size = max(small, large) if name == "sharp_flat_fashion" else 6  # 3 rates of each of 2 optimizers
    outside = int((re.search(r"(\d+) runs outside", legend) or [0, 0])[1])
    assert sum(compared) + outside == 2 * at_a_size * replicates


@pytest.mark.parametrize(("name", "page"), [("sharp_flat", BUNDLED), ("sharp_flat_fashion", BUNDLED)])
def test_verdicts_on_pages_are_those_of_their_intervals(name, page):
    _, rows, _ = comparison(name, page)
    for quantity, (small, large, ratio, interval, verdict) in rows.items():
        low, high = map(float, interval.split(" … "))
        assert verdict == ("larger" if low > 1 else "smaller" if high < 1 else "inconclusive"), quantity
        means = [float(cell.split(" ±")[0]) for cell in (small, large)]
        # Of geometric means, where the page shows plain ones.
        assert float(ratio) == pytest.approx(means[1] / means[0], rel=0.15), quantity


def test_what_the_page_says_of_sharp_flat_fashion_is_in_the_table():
    _, rows, _ = comparison("sharp_flat_fashion", BUNDLED)
    verdict = {quantity: cells[-1] for quantity, cells in rows.items()}
    said = words(BUNDLED)
    assert "does end sharper by every measure of the Hessian in this table: λmax, trace, φ and relative flatness" in said
    assert {verdict[name] for name in ("lambda_max", "trace", "phi_0.001", "relative_flatness")} == {"larger"}
    assert "ASAM's sharpness is inconclusive" in said
    assert (
        "with three seeds its higher test error is inconclusive, and its gap, a difference of cross-entropies, is smaller"
        in said
    )
    assert float(rows["test error %"][2]) > 1
    assert [verdict[name] for name in ("asam_max", "test error %", "gap")] == ["inconclusive", "inconclusive", "smaller"]
    assert "The small batch moved twice as far from its start" in said
    assert 1 / float(rows["distance"][2]) == pytest.approx(2, abs=0.25)


def test_what_the_page_says_of_sharp_flat_is_in_the_table():
    _, _, legend = comparison("sharp_flat", BUNDLED)
    assert "Only two configurations of batch 512 reached that loss" in words(BUNDLED)
    assert re.search(r"and (\d+) configurations\)", legend)[1] == "2"


def test_moons_is_reached_first_after_as_many_epochs_as_the_page_says(tmp_path):
    """The other runs take longer, and all of them in the slow test."""
    first = int(re.search(r"by Adam in 5 of 5 runs, after (\d+) to", block("moons_optimizers", BUNDLED))[1])
    results = search(
        "moons_optimizers", overrides=["space.optimizer='adam'", f"budget.epochs={first}"], out=tmp_path / "out", workers=1
    )
    reached = [row for row in results.trials.to_pylist() if row["steps_to_goal"] is not None]
    assert [row["steps_to_goal"] for row in reached] == [5 * first]  # 300 rows in batches of 64


@pytest.mark.slow
def test_moons_is_not_reached_from_the_seeds_that_the_page_names(tmp_path):
    (seeds,) = re.findall(r"no optimizer reaches it: seeds (\d+) and (\d+) of 0 to 19", words(BUNDLED))
    results = search(
        "moons_optimizers", overrides=["space.optimizer='adam'", "search.replicates=20"], out=tmp_path / "out"
    ).trials.to_pylist()
    assert [row["seed"] for row in results if row["steps_to_goal"] is None] == [int(seed) for seed in seeds]


def without_times(text):
    """A text whose times, and ratios of them, are of no consequence, and of which spaces and lines are not either."""
    text = re.sub(r"[\d.]+ (ns|µs|ms|s)\b|takes \d+ times|1/\d+ of|\d+ times as long", "…", text.replace("─", ""))
    return " ".join(text.split())


# On other processors sums are rounded otherwise, which maxima and intervals of few configurations enlarge.
RERUN = {"quickstart": 0.02, "moons_optimizers": 0.02, "sharp_flat": 0.1, "sharp_flat_fashion": 0.1}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "tolerance"), RERUN.items())
def test_a_sweep_gives_what_the_pages_say(name, tolerance, tmp_path):
    with skipped_without_data():
        results = search(name, out=tmp_path / "out")
    for page, made in BLOCKS[name].items():
        there, here = (NUMBER.split(without_times(text)) for text in (block(name, page), made(results)))
        assert here[::2] == there[::2]
        for said, found in zip(there[1::2], here[1::2], strict=True):
            assert float(found.replace(",", "")) == pytest.approx(float(said.replace(",", "")), rel=tolerance), (said, found)


def test_every_sweep_with_figures_on_pages_is_run_again():
    marked = {
        name for page in (README, BUNDLED) for name in re.findall(r"<!-- (\w+): python", page.read_text(encoding="utf-8"))
    }
    assert marked == set(BLOCKS) == set(RERUN)


@pytest.mark.slow
def test_house_prices_gives_what_the_page_says(tmp_path):
    page = words(BUNDLED)
    rows = summary(search("house_prices", out=tmp_path / "out"), 5)["by_batch_size"].to_pylist()
    assert {significant(row["validation_loss"]) for row in rows} == {"0.00335", "0.00336"}
    assert [(row["batch_size"], row["learning_rate"]) for row in rows] == [(1, 0.001), (10, 0.01), (100, 0.1), (600, 1.0)]
    assert "reach a validation loss of 0.00335 or 0.00336" in page
    assert "0.001 at batch 1, 0.01 at 10, 0.1 at 100, and 1 for all 600 rows" in page


@pytest.mark.slow
def test_keras_sgd_gives_what_the_page_says(tmp_path):
    page = words(BUNDLED)
    rows = {row["optimizer"]: row for row in summary(search("keras_sgd", out=tmp_path / "out"), 5)["by_optimizer"].to_pylist()}
    error = {name: 100 * row["validation_error"] for name, row in rows.items()}
    said = re.search(r"lowest validation error, ([\d.]+) ± [\d.]+ %, momentum ([\d.]+) %, plain SGD ([\d.]+) %", page)
    assert [float(number) for number in said.groups()] == pytest.approx(
        [error["nesterov_velocity"], error["momentum_velocity"], error["sgd"]], abs=0.2
    )
