import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest
from linear_sweep import sweep_file
from recorded import finished, write

from sweepgd.analysis import sharpness, summary
from sweepgd.record import load

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")
pl = pytest.importorskip("polars", reason="polars is not installed")


@pytest.fixture
def directory(tmp_path):
    losses = np.random.default_rng(3).random(40)
    configurations = [finished(trial, validation_loss=loss) for trial, loss in enumerate(losses)]
    # The diverged trial has no loss: a reader that sorts nulls first would return it as the best.
    configurations += [finished(40, status="diverged", validation_loss=None), finished(41, validation_loss=1e-9)]
    write(tmp_path, [configurations[:10], configurations[10:11], configurations[11:]])
    return tmp_path


def test_duckdb_polars_and_pandas_agree_on_the_best_trial(directory):
    files = f"{directory}/trials/*.parquet"
    query = f"select trial from '{files}' where status = 'completed' order by validation_loss limit 1"
    assert duckdb.sql(query).fetchall() == [(41,)]

    lazy = pl.scan_parquet(files).filter(pl.col("status") == "completed").sort("validation_loss")
    assert lazy.first().collect()["trial"].item() == 41

    frame = pd.read_parquet(directory / "trials")
    completed = frame[frame.status == "completed"]
    assert completed.sort_values("validation_loss").trial.iloc[0] == 41

    ours = load(directory).trials
    assert ours.num_rows == len(frame) == 42
    assert ours["status"].to_pylist().count("diverged") == 1


def test_readers_open_the_other_tables(directory):
    for table, rows in (("curves", 126), ("minima", 42)):
        files = f"{directory}/{table}/*.parquet"
        assert duckdb.sql(f"select count(*) from '{files}'").fetchall() == [(rows,)]
        assert len(pl.read_parquet(files)) == rows
        assert len(pd.read_parquet(directory / table)) == rows
    vector = duckdb.sql(f"select parameters from '{directory}/minima/*.parquet' where trial = 5").fetchall()[0][0]
    np.testing.assert_array_equal(vector, finished(5).minima[0]["parameters"])


def test_unfinished_files_are_invisible(directory):
    (directory / "trials" / ".000004.parquet.tmp").write_bytes(b"half")
    files = f"{directory}/trials/*.parquet"
    assert duckdb.sql(f"select count(*) from '{files}'").fetchall() == [(42,)]
    assert len(pl.read_parquet(files)) == 42
    assert len(pd.read_parquet(directory / "trials")) == 42
    assert load(directory).trials.num_rows == 42


# A search that publishes many parts within seconds.
SEARCH = """
import sys
from sweepgd.cli.main import main
from sweepgd.record import publish_schedule

publish_schedule.PART_RECORDS = 60
sys.argv = ["sweepgd", "search", *sys.argv[1:]]
main()
"""


def duckdb_reads(directory):
    return [row[0] for row in duckdb.sql(f"select trial from '{directory}/trials/*.parquet'").fetchall()]


def polars_reads(directory):
    return pl.scan_parquet(f"{directory}/trials/*.parquet").select("trial").collect()["trial"].to_list()


def pandas_reads(directory):
    return pd.read_parquet(directory / "trials", columns=["trial"])["trial"].tolist()


def analyze_reads(directory):
    results = load(directory)
    trials = results.trials["trial"].to_pylist()
    if trials:
        _ = summary(results, 3) | sharpness(results)
    for table in (results.curves, results.minimisers):  # they are read later and may have more trials
        assert set(trials) <= set(table["trial"].to_pylist())
    return trials


@pytest.mark.parametrize("trials", [800, pytest.param(15_000, marks=pytest.mark.slow)])
def test_readers_during_a_search_see_each_trial_once(tmp_path, trials):
    directory = tmp_path / "out"
    arguments = [sweep_file(tmp_path), "--out", directory, "--workers", "2", "--trials", str(trials), "--quiet"]
    counts = {reader: [0] for reader in (duckdb_reads, polars_reads, pandas_reads, analyze_reads)}
    with subprocess.Popen([sys.executable, "-c", SEARCH, *arguments], stdout=subprocess.DEVNULL) as search:

        def read(reader):
            while search.poll() is None:
                # Readers of files raise an error while there are no files.
                ready = (
                    (directory / "sweep.toml").exists() if reader is analyze_reads else any(directory.glob("trials/*.parquet"))
                )
                if not ready:
                    sleep(0.01)
                    continue
                seen = reader(directory)
                assert len(set(seen)) == len(seen)
                counts[reader].append(len(seen))

        with ThreadPoolExecutor(len(counts)) as threads:
            list(threads.map(read, counts))
    assert search.returncode == 0
    for reader, seen in counts.items():
        assert seen == sorted(seen)
        assert len(set(seen)) > 3
        assert sorted(reader(directory)) == list(range(trials))
