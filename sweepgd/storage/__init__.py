"""One study on many machines: a PostgreSQL database that says who runs which trial, and a folder that all of them share."""

from sweepgd.storage.database import address, connect
from sweepgd.storage.join import check_alone, join
from sweepgd.storage.shared import Shared

__all__ = ["Shared", "address", "check_alone", "connect", "join"]
