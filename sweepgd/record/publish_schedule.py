"""The schedule by which new records are published as parts."""

from time import monotonic

# A part is published after this many records or seconds, whichever comes first. Publishing takes 40 µs a record.
PART_RECORDS, PART_SECONDS = 4096, 30.0
# The first part is published after this many seconds, early enough for readers that open only the Parquet files. A shorter
# search does not pay for the first publication, which takes 0.5 s if pandas is installed, because pyarrow then imports pandas.
FIRST_SECONDS = 1.0
# Closing publishes at most this many bytes, because more bytes would delay the exit after Ctrl-C. Publishing runs at 55 MB/s.
CLOSE_BYTES = 16 * 2**20


class Pace:
    """Decides when to publish. The first part comes early. Later parts grow geometrically, so that any study has only tens of
    files.
    """

    def __init__(self, published: int = 0) -> None:
        self.published = published
        """The number of records in parts."""
        self.pending = 0
        """The number of records that are not in a part yet."""
        self._began = self._since = monotonic()

    def add(self, records: int = 1) -> None:
        """Count records that are not in a part yet."""
        if not (self.pending or self.published):
            self._since = monotonic()
        self.pending += records

    @property
    def due(self) -> bool:
        """True if the pending records should be published now."""
        now = monotonic()
        patience = max(PART_SECONDS, (now - self._began) / 10) if self.published else FIRST_SECONDS
        many = self.pending >= max(PART_RECORDS, self.published // 8)
        return self.pending > 0 and (many or now - self._since > patience)

    def publish(self) -> None:
        """Count all pending records as published."""
        self.published, self.pending = self.published + self.pending, 0
        self._since = monotonic()
