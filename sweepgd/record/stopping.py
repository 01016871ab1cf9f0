"""Stop a publication before it is complete."""


class GivenUp(Exception):
    """Raised when a request stops a publication. The publication can be repeated."""


def never() -> bool:
    """Return False, for a publication that never stops."""
    return False
