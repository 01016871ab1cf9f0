"""How long the server of a database has kept this process waiting."""

from time import monotonic
from typing import Any

from sqlalchemy import Engine, event


class Watch:
    """Watches the connections of engines, of which one is used at a time: a server that hangs ends none of them."""

    def __init__(self) -> None:
        self._since: float | None = None

    def add(self, engine: Engine) -> None:
        """Watches what an engine connects from now on."""
        event.listen(engine, "do_connect", self._connect)
        engine.dispose()

    @property
    def seconds(self) -> float:
        """How long the server has not answered what it was asked last, 0 where it was asked nothing."""
        since = self._since
        return 0.0 if since is None else monotonic() - since

    def _connect(self, dialect: Any, record: Any, arguments: Any, options: Any) -> Any:
        from psycopg import Connection
        from psycopg.waiting import wait

        watch = self

        class Watched(Connection[Any]):
            def wait(self, generator: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
                """Psycopg's own would give a server seconds to answer a Ctrl-C."""
                watch._since = monotonic()
                try:
                    return wait(generator, self.pgconn.socket, interval)
                finally:
                    watch._since = None

        self._since = monotonic()
        try:
            return Watched.connect(*arguments, **options)
        finally:
            self._since = None
