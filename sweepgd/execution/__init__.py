"""Execution of trials in local processes, or on other machines through Dask or any `concurrent.futures.Executor`.

One process, the driver, owns the study and its record. The workers here are stateless: they receive the study once, run blocks
of its trials in a local pool of their own, and send the results back.

No sampler is here, and only `pruners` uses Optuna. Nothing here opens a record: the driver commits finished trials through
`sweepgd.record.commit_results`.
"""
