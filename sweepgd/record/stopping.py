"""A publication can be asked to stop."""


class GivenUp(Exception):
    """A publication that was asked to stop. It can be repeated."""


def never() -> bool:
    """Never asks to stop."""
    return False
