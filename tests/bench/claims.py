"""How many trials one PostgreSQL gives out and counts in a second, by how many are asked for at once, and how large they are.

`python -m tests.bench.claims postgresql+psycopg://user@host/database`, in a database of its own: it makes tables there.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from time import perf_counter

from sqlalchemy import Engine, create_engine, insert, text

from sweepgd.storage.claims import Claims
from sweepgd.storage.database import address
from sweepgd.storage.tables import STUDIES, make_tables

BATCHES = (1, 8, 64, 512)
COMMANDS = 8
SECONDS = 3.0
LARGEST = 2_000_000


def main(url: str) -> None:
    engine = create_engine(address(url), pool_size=COMMANDS)
    with engine.begin() as connection:
        make_tables(connection)
    print(f"{COMMANDS} commands, {SECONDS:g} s each: trials a second")
    print("  batch   claimed  finished  recorded")
    for batch in BATCHES:
        with engine.begin() as connection:
            values = {"name": f"claims {token_hex(4)}", "token": "", "folder": "", "sweep": ""}
            study = connection.execute(insert(STUDIES).values(values).returning(STUDIES.c.id)).scalar_one()
        print(f"{batch:7}" + "".join(f"{rate:10,.0f}" for rate in _rates(engine, study, batch)))
    with engine.begin() as connection:
        size = connection.execute(text("SELECT pg_total_relation_size('sweepgd_claims')")).scalar_one()
        rows = connection.execute(text("SELECT count(*) FROM sweepgd_claims")).scalar_one()
    print(f"{size / rows:.0f} bytes a trial in sweepgd_claims, of {rows:,}, its indexes and dead versions included")
    engine.dispose()


def _rates(engine: Engine, study: int, batch: int) -> list[float]:
    """Trials claimed, finished and recorded a second by commands that do nothing else."""
    commands = [Claims(engine, study, f"command-{number}", LARGEST) for number in range(COMMANDS)]
    held: dict[str, list[list[tuple[int, int]]]] = {claims.holder: [] for claims in commands}

    def take(claims: Claims) -> int:
        taken = [(claim.trial, claim.attempt) for claim in claims.take(batch)]
        held[claims.holder].append(taken)
        return len(taken)

    def each(step: Callable[[Claims, list[tuple[int, int]]], object]) -> Callable[[Claims], int]:
        waiting = {holder: iter(batches) for holder, batches in held.items()}

        def next_batch(claims: Claims) -> int:
            attempts = next(waiting[claims.holder], [])
            if attempts:
                step(claims, attempts)
            return len(attempts)

        return next_batch

    steps = [
        lambda: take,
        lambda: each(lambda claims, attempts: claims.finish(attempts)),
        lambda: each(lambda claims, attempts: claims.recorded(trial for trial, _ in attempts)),
    ]
    return [_rate(commands, step()) for step in steps]


def _rate(commands: list[Claims], job: Callable[[Claims], int]) -> float:
    """How many trials jobs of all commands did in a second, each for some seconds or until it did none."""
    began = perf_counter()

    def repeat(claims: Claims) -> int:
        total = 0
        while perf_counter() - began < SECONDS and (done := job(claims)):
            total += done
        return total

    with ThreadPoolExecutor(len(commands)) as pool:
        total = sum(pool.map(repeat, commands))
    return total / (perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1])
