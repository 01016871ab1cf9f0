"""Commands of a shared study without their workers: what they claim is recorded at once."""

import time
from collections.abc import Iterable
from pathlib import Path

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from recorded import finished
from sqlalchemy import NullPool, create_engine, text
from tiny import sweep
from waiting import NEVER_SECONDS, wait_until

from sweepgd import load
from sweepgd.record import encode
from sweepgd.storage import Shared, address, connect, join
from sweepgd.sweep import with_sampler_version
from sweepgd.sweep.spec import SAMPLER_VERSION


def joined(storage: str, out: Path, total: int, notes: list[str] | None = None, overrides: Iterable[str] = ()) -> Shared:
    """A command that has joined the study of the tiny sweep."""
    note = [].append if notes is None else notes.append
    engine = connect(address(storage))
    study = with_sampler_version(sweep(f"search.trials={total}", *overrides), SAMPLER_VERSION)
    return join(engine, out, study, ["validation_loss"], total, fresh=False, check=lambda: None, note=note)


def studies(storage: str) -> list[list[FrozenTrial]]:
    """The trials of each of Optuna's studies in the database."""
    kept = RDBStorage(storage, engine_kwargs={"poolclass": NullPool})
    found = [kept.get_all_trials(study._study_id) for study in kept.get_all_studies()]
    kept.remove_session()
    return found


def record(trial: int, attempt: int) -> bytes:
    return encode(finished(trial, attempt=attempt))


def run(shared: Shared, total: int, most: int | None = None) -> list[int]:
    """Records what a command claims, up to so many; returns their numbers."""
    ran: list[int] = []
    deadline = time.monotonic() + NEVER_SECONDS
    for trial in shared.remaining(range(total)):
        assert time.monotonic() < deadline
        if trial is None:
            time.sleep(0.01)
            continue
        shared.advisor.state(trial, [0.5])
        shared.append(trial, record(trial, shared.attempt(trial)))
        shared.flush()
        ran.append(trial)
        if len(ran) == most:
            break
    return ran


def wait_until_shown(shared: Shared, trials: int) -> None:
    """Waits until so many trials can be read."""

    def shown() -> bool:
        shared.flush()
        return load(shared.directory).trials.num_rows >= trials

    wait_until(shown)


def wait_until_finished(shared: Shared, storage: str, trials: int) -> None:
    """Waits until so many trials are known to count, and takes the steps that follow."""

    def finished() -> bool:
        shared.flush()
        return counted(storage, "state <> 'claimed'") >= trials

    wait_until(finished)
    for _ in range(20):
        shared.flush()
        time.sleep(0.01)


def counted(storage: str, which: str) -> int:
    """How many claims there are of these."""
    with create_engine(storage, poolclass=NullPool).connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM sweepgd_claims WHERE {which}")).scalar_one()


def attempts(out: Path) -> dict[int, int]:
    """The attempt of every recorded trial, none of which is there twice, with its curve of three points and its minimum."""
    results = load(out)
    trials = results.trials["trial"].to_pylist()
    assert len(trials) == len(set(trials))
    assert results.curves["trial"].to_pylist() == [trial for trial in trials for _ in range(3)]
    assert results.minima["trial"].to_pylist() == trials
    return dict(zip(trials, results.trials["attempt"].to_pylist(), strict=True))
