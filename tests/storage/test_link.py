"""The way to the database: a server that does not answer is taken for away, and keeps nobody waiting."""

from contextlib import closing
from threading import Event

from sqlalchemy import create_engine, text
from waiting import wait_until

from sweepgd.storage.link import AWAY, Link
from sweepgd.storage.watch import Watch


def test_a_server_that_is_silent_counts_as_away(storage):
    watch, notes = Watch(), []
    engine = create_engine(storage)
    watch.add(engine)

    def sleep(seconds):
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_sleep({seconds})"))

    with closing(Link(lambda: None, 60, watch, notes.append, engine.dispose)) as link:
        link.submit(lambda: sleep(0)).result(60)
        assert not link.away
        link.patience = 0.2
        answer = link.submit(lambda: sleep(3))
        wait_until(lambda: link.away)
        link.check()
        link.check()
        answer.result(60)
        wait_until(lambda: len(notes) == 2)
        assert not link.away
        assert watch.seconds == 0
    assert notes == [AWAY.format("no answer for 0.2 s"), "the database is back"]


def test_connections_are_closed_after_a_job_that_outlasts_the_end(storage):
    watch, ended, begun = Watch(), [], Event()
    engine = create_engine(storage)
    watch.add(engine)

    def work():
        with engine.begin() as connection:
            begun.set()
            connection.execute(text("SELECT pg_sleep(3)"))
        ended.append("work")

    link = Link(lambda: None, 60, watch, ended.append, lambda: (engine.dispose(), ended.append("connections")))
    link.submit(work)
    begun.wait()
    link.close()
    assert ended == []
    wait_until(lambda: ended == ["work", "connections"])
