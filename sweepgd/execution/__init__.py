"""Execution of trials in local processes, or on other machines through Dask or any `concurrent.futures.Executor`.

One process, the driver, owns the study and its record. Workers on other machines receive the study once. They run blocks of its
trials, each worker in a local pool, and send the results back. This package has no sampler, and only its module `pruners` uses
Optuna. The package does not open a record. The driver commits finished trials through `sweepgd.record.commit_results`.
"""
