"""The schedule of publication: how often new records are published as parts."""

from time import monotonic

# A part is published after this many records or seconds, whichever comes first: publishing takes 40 µs a record.
PART_RECORDS, PART_SECONDS = 4096, 30.0
# The first part is published after this time. That is early, for readers that open only the Parquet files. A shorter search is
# spared the first publication, which takes 0.5 s if pandas is installed, because pyarrow then imports pandas.
FIRST_SECONDS = 1.0
# Closing publishes at most this many bytes, at 55 MB/s, because more would delay the exit after Ctrl-C.
CLOSE_BYTES = 16 * 2**20


class Pace:
    """Publish the first part early, and then parts that grow geometrically, so that any study has only tens of files."""

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
