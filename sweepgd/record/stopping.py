"""Stop a publication before it is complete."""


class GivenUp(Exception):
    """Raised when a publication was stopped on request. The publication can be repeated."""


def never() -> bool:
    """Return False: do not stop."""
    return False
