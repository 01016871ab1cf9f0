import numpy as np
import pytest

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")
pl = pytest.importorskip("polars", reason="polars is not installed")


def test_duckdb_polars_pandas_and_load_find_the_same_best_run(gluon_linear):
    """Diverged runs have no loss: sorting nulls first would make one of them the best."""
    files = f"{gluon_linear.directory}/trials/*.parquet"
    columns = ["trial", "replicate", "train_loss"]
    query = f"select {', '.join(columns)} from '{files}' where status = 'completed' order by train_loss limit 1"
    [by_duckdb] = duckdb.sql(query).fetchall()

    lazy = pl.scan_parquet(files).filter(pl.col("status") == "completed").sort("train_loss")
    [by_polars] = lazy.select(columns).head(1).collect().rows()

    frame = pd.read_parquet(gluon_linear.directory / "trials")
    frame = frame[frame.status == "completed"].sort_values("train_loss")
    [by_pandas] = frame[columns].head(1).itertuples(index=False, name=None)

    ours = gluon_linear.trials
    row = int(np.nanargmin(ours["train_loss"].to_numpy()))
    assert by_duckdb == by_polars == by_pandas == tuple(ours[name][row].as_py() for name in columns)
    assert by_duckdb[0] == 2  # batch size 10 with a decaying rate of 0.2
