"""Claims: a number is given out once, again when its holder's lease is over, and counts for one holder only."""

import pytest
from sqlalchemy import create_engine, text

from sweepgd.problem import Problem
from sweepgd.storage.claims import Claim, Claims, reconcile
from sweepgd.storage.tables import FINISH, RECORD, STUDIES, TAKE_OVER, make_tables


@pytest.fixture
def engine(storage):
    engine = create_engine(storage)
    with engine.begin() as connection:
        make_tables(connection)
        connection.execute(STUDIES.insert().values(id=1, name="tiny", token="t", folder="here", sweep=""))
    yield engine
    engine.dispose()


def expire(engine):
    """Makes all leases end long ago, and the server have been up for long."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE sweepgd_claims SET lease_until = now() - interval '1 hour'"))


@pytest.fixture
def old_server(monkeypatch):
    """A server that has been up for longer than a lease."""
    monkeypatch.setattr("sweepgd.storage.claims.LEASE_SECONDS", 0.0)


def trials(claims):
    return [claim.trial for claim in claims]


def rows_read(engine, statement, **values):
    """How many rows of claims a statement reads."""
    read = text(
        "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
        " WHERE relname = 'sweepgd_claims'"
    )
    with engine.begin() as connection:
        before = connection.execute(read).scalar_one()  # of earlier transactions that it has not counted elsewhere yet
        connection.execute(statement, values)
        return connection.execute(read).scalar_one() - before


def test_what_is_asked_of_a_study_that_the_planner_does_not_know_of_reads_nothing_twice(engine):
    with engine.begin() as connection:
        connection.execute(STUDIES.insert().values(id=2, name="large", token="t", folder="there", sweep=""))
        large = "SELECT 2, trial, 1, 'one', 'recorded' FROM generate_series(1, 20000) AS trial"
        connection.execute(text(f"INSERT INTO sweepgd_claims (study, trial, attempt, holder, state) {large}"))
        connection.execute(text("ANALYZE sweepgd_claims"))
    Claims(engine, 1, "one", 1000).take(1000)
    some = {"study": 1, "trials": list(range(500, 510))}
    assert rows_read(engine, TAKE_OVER, study=1, holder="other", total=1000, lease=60.0, count=5) == 1000
    assert rows_read(engine, FINISH, **some, holder="one", attempts=[1] * 10) == 10
    assert rows_read(engine, RECORD, **some) == 10


def test_numbers_are_given_out_once_and_up_to_the_total(engine):
    one, other = Claims(engine, 1, "one", 5), Claims(engine, 1, "other", 7)
    assert one.take(3) == [Claim(0, 1, None), Claim(1, 1, None), Claim(2, 1, None)]
    assert trials(other.take(1)) == [3]
    assert trials(one.take(3)) == [4]
    assert trials(other.take(9)) == [5, 6]
    assert one.take(1) == other.take(1) == []
    assert one.holders() == {"other": 1}  # below its own total
    assert other.holders() == {"one": 4}


def test_an_expired_claim_is_taken_over_once_and_its_late_result_does_not_count(engine, old_server):
    one, other = Claims(engine, 1, "one", 2), Claims(engine, 1, "other", 2)
    assert trials(one.take(2)) == [0, 1]
    assert one.finish([(1, 1)]) == {(1, 1)}
    expire(engine)
    assert other.take(2) == [Claim(0, 2, None)]  # what is finished is not taken over
    assert one.finish([(0, 1), (1, 1)]) == {(1, 1)}
    assert other.finish([(0, 2)]) == {(0, 2)}
    assert other.finish([(0, 2)]) == {(0, 2)}  # as where the first answer was lost
    one.recorded([1])
    other.recorded([0, 1])
    assert one.all_recorded() == {0, 1}
    assert one.holders() == other.holders() == {}


def test_no_lease_is_over_before_the_server_has_been_up_for_as_long(engine):
    one, other = Claims(engine, 1, "one", 1), Claims(engine, 1, "other", 1)
    one.take(1)
    with engine.begin() as connection:
        up = connection.execute(text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")).scalar_one()
    expire(engine)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sweepgd.storage.claims.LEASE_SECONDS", float(up) + 3600)
        assert other.take(1) == []
        patched.setattr("sweepgd.storage.claims.LEASE_SECONDS", 0.0)
        assert trials(other.take(1)) == [0]


def test_a_database_that_was_set_back_gives_out_nothing(engine):
    """It was restored, and would give out again what is recorded."""
    one = Claims(engine, 1, "one", 9)
    one.take(5)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sweepgd_claims WHERE trial >= 2"))
        connection.execute(text("UPDATE sweepgd_studies SET following = 2"))
    with pytest.raises(Problem, match=r"^the database was set back, from 5 trials to 2: end all commands of this study; "):
        one.take(1)


def test_a_renewed_lease_is_not_taken_over(engine):
    one, other = Claims(engine, 1, "one", 2), Claims(engine, 1, "other", 2)
    one.take(2)
    expire(engine)
    assert trials(one.renew()) == [0, 1]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sweepgd.storage.claims.LEASE_SECONDS", 0.0)
        assert other.take(2) == []


def test_what_is_released_is_taken_at_once(engine):
    one, other = Claims(engine, 1, "one", 3), Claims(engine, 1, "other", 3)
    one.take(3)
    one.finish([(0, 1), (1, 1)])
    one.recorded([0])
    assert one.unrecorded("one") == {1, 2}
    one.release()
    assert other.take(3) == [Claim(1, 2, None), Claim(2, 2, None)]


def test_the_record_is_the_truth(engine):
    """Found in the record: recorded. Gone from it: given back, unless a folder may still hold the result."""
    one, other = Claims(engine, 1, "one", 8), Claims(engine, 1, "other", 8)
    assert trials(one.take(5)) == [0, 1, 2, 3, 4]
    one.finish([(0, 1), (1, 1), (2, 1)])
    one.recorded([0, 1])
    other.take(1)
    other.finish([(5, 1)])
    with engine.begin() as connection:
        reconcile(connection, 1, {0, 3, 7}, {"other"})
    assert one.all_recorded() == {0, 3, 7}
    assert other.take(8) == [Claim(1, 2, None), Claim(2, 2, None), Claim(6, 1, None)]
    assert one.unrecorded("other") == {1, 2, 5, 6}
