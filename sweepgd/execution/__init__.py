"""Execution of trials in local processes, or on other machines through Dask or any `concurrent.futures.Executor`.

One process, the driver, owns the study and its record. Each worker on another machine receives the study once, runs blocks of
trials in a local pool, and sends the results back. This package has no sampler, and only its module `pruners` uses Optuna. The
package does not open a record. The driver commits finished trials through `sweepgd.record.commit_results`.
"""
