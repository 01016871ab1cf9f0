"""Execution of trials in local processes, or on other machines through Dask or any `concurrent.futures.Executor`.

One process, the driver, owns the study and its record. Workers on other machines receive the study once, run blocks of its
trials in a local pool of their own, and send the results back. This package has no sampler, and only `pruners` uses Optuna. It
does not open a record: the driver commits finished trials through `sweepgd.record.commit_results`.
"""
