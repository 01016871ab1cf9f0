"""How often what is recorded becomes parts."""

from time import monotonic

# A part has this many records or lasts this long, whichever comes first: publishing takes 40 µs a record.
PART_RECORDS, PART_SECONDS = 4096, 30.0
# But who reads parts alone wants to see the first rows. A shorter search had better not wait for the half second that the
# first publication takes where pandas is installed, which pyarrow then imports.
FIRST_SECONDS = 1.0
# What closing makes parts of: more would keep who has pressed Ctrl-C waiting, at 55 MB/s.
CLOSE_BYTES = 16 * 2**20


class Pace:
    """The first part comes soon; then parts grow geometrically, in records or in seconds: any study is tens of files."""

    def __init__(self, published: int = 0) -> None:
        self.published = published
        """How many records are in parts."""
        self.pending = 0
        """How many are not."""
        self._began = self._since = monotonic()

    def add(self, records: int = 1) -> None:
        """Counts records that are in no part yet."""
        if not (self.pending or self.published):
            self._since = monotonic()
        self.pending += records

    @property
    def due(self) -> bool:
        """Whether it is time to make parts of what has been added."""
        now = monotonic()
        patience = max(PART_SECONDS, (now - self._began) / 10) if self.published else FIRST_SECONDS
        many = self.pending >= max(PART_RECORDS, self.published // 8)
        return self.pending > 0 and (many or now - self._since > patience)

    def publish(self) -> None:
        """Counts all of it as published."""
        self.published, self.pending = self.published + self.pending, 0
        self._since = monotonic()
