"""The tables of ours beside Optuna's, and what is asked of them."""

from sqlalchemy import Column, Connection, DateTime, ForeignKey, Index, Integer, MetaData, String, Table, text

# A trial is claimed, finished when its result is durable and counts, and recorded when every reader of the folder sees it.
CLAIMED, FINISHED, RECORDED = "claimed", "finished", "recorded"

_metadata = MetaData()
STUDIES = Table(
    "sweepgd_studies",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True, nullable=False),
    Column("token", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("sweep", String, nullable=False),
    Column("following", Integer, nullable=False, server_default="0"),
    Column("segment", Integer, nullable=False, server_default="0"),
)
CLAIMS = Table(
    "sweepgd_claims",
    _metadata,
    Column("study", ForeignKey("sweepgd_studies.id"), primary_key=True),
    Column("trial", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("holder", String, nullable=False),
    Column("state", String, nullable=False),
    Column("lease_until", DateTime(timezone=True)),
    Column("asked", Integer),
    Index("sweepgd_claims_claimed", "study", "trial", postgresql_where=text("state = 'claimed'")),
    Index("sweepgd_claims_open", "study", "holder", postgresql_where=text("state <> 'recorded'")),
)


def make_tables(connection: Connection) -> None:
    """Makes the tables where they are not there yet."""
    _metadata.create_all(connection)


_UNTIL = "now() + make_interval(secs => :lease)"
# The planner knows nothing of a young study in a table of others, takes it for one row, and would read all of it again and
# again. So what is taken over is looked for once (an ARRAY), and what is given bounds what is read; inside IS TRUE pairs are
# hashed, and a state leads to no index of all that is in that state.
_GIVEN = "unnest(CAST(:trials AS integer[])) AS given"
_AMONG_GIVEN = f"trial BETWEEN (SELECT min(given) FROM {_GIVEN}) AND (SELECT max(given) FROM {_GIVEN})"
TAKE_OVER = text(
    f"""
    UPDATE sweepgd_claims SET holder = :holder, attempt = attempt + 1, lease_until = {_UNTIL}
    WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM sweepgd_claims
        WHERE study = :study AND trial < :total AND state = 'claimed' AND holder <> :holder AND (
            lease_until IS NULL
            OR greatest(lease_until, pg_postmaster_start_time() + make_interval(secs => :lease)) < now())
        ORDER BY trial LIMIT :count FOR UPDATE SKIP LOCKED))
    RETURNING trial, attempt, asked
    """
)
LOCK_FOLLOWING = text("SELECT following FROM sweepgd_studies WHERE id = :study FOR UPDATE")
SET_FOLLOWING = text("UPDATE sweepgd_studies SET following = :end WHERE id = :study")
# Numbers that a search without a database has recorded already are passed over.
TAKE_NEW = text(
    f"""
    INSERT INTO sweepgd_claims (study, trial, attempt, holder, state, lease_until)
    SELECT :study, number, 1, :holder, 'claimed', {_UNTIL} FROM generate_series(:start, :end - 1) AS number
    ON CONFLICT DO NOTHING RETURNING trial, attempt, asked
    """
)
RENEW = text(
    f"""
    UPDATE sweepgd_claims SET lease_until = {_UNTIL}
    WHERE study = :study AND holder = :holder AND state = 'claimed'
    RETURNING trial, attempt, asked
    """
)
FINISH = text(
    f"""
    UPDATE sweepgd_claims SET state = CASE state WHEN 'recorded' THEN 'recorded' ELSE 'finished' END
    WHERE study = :study AND holder = :holder AND {_AMONG_GIVEN} AND (
        (trial, attempt) IN (SELECT * FROM unnest(CAST(:trials AS integer[]), CAST(:attempts AS integer[])))) IS TRUE
    RETURNING trial, attempt
    """
)
RECORD = text(
    f"""
    UPDATE sweepgd_claims SET state = 'recorded'
    WHERE study = :study AND {_AMONG_GIVEN} AND trial = ANY(CAST(:trials AS integer[])) AND (state = 'finished') IS TRUE
    """
)
FOUND = text(
    """
    INSERT INTO sweepgd_claims (study, trial, attempt, holder, state)
    SELECT :study, number, 1, '', 'recorded' FROM unnest(CAST(:trials AS integer[])) AS number
    ON CONFLICT (study, trial) DO UPDATE SET state = 'recorded'
    """
)
LOST = text(
    "UPDATE sweepgd_claims SET state = 'claimed', lease_until = NULL"
    " WHERE study = :study AND trial = ANY(CAST(:trials AS integer[]))"
)
# What waits in the holder's folder is not to be run again.
RELEASE = text(
    "UPDATE sweepgd_claims SET state = 'claimed', lease_until = NULL"
    " WHERE study = :study AND holder = :holder AND state <> 'recorded' AND trial <> ALL(CAST(:waiting AS integer[]))"
)
SEGMENT = text("UPDATE sweepgd_studies SET segment = greatest(segment + 1, :least) WHERE id = :study RETURNING segment")
