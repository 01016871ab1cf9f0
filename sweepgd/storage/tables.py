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
TAKE_OVER = text(
    f"""
    UPDATE sweepgd_claims SET holder = :holder, attempt = attempt + 1, lease_until = {_UNTIL}
    WHERE study = :study AND trial IN (
        SELECT trial FROM sweepgd_claims
        WHERE study = :study AND trial < :total AND state = 'claimed' AND holder <> :holder AND (
            lease_until IS NULL
            OR greatest(lease_until, pg_postmaster_start_time() + make_interval(secs => :lease)) < now())
        ORDER BY trial LIMIT :count FOR UPDATE SKIP LOCKED)
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
    """
    UPDATE sweepgd_claims AS claim SET state = CASE state WHEN 'recorded' THEN 'recorded' ELSE 'finished' END
    FROM unnest(CAST(:trials AS integer[]), CAST(:attempts AS integer[])) AS mine(trial, attempt)
    WHERE claim.study = :study AND claim.trial = mine.trial AND claim.attempt = mine.attempt AND claim.holder = :holder
    RETURNING claim.trial, claim.attempt
    """
)
RECORD = text(
    "UPDATE sweepgd_claims SET state = 'recorded'"
    " WHERE study = :study AND trial = ANY(CAST(:trials AS integer[])) AND state = 'finished'"
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
