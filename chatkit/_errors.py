"""Errors that a command tells its user in one line."""


class Unavailable(Exception):
    """This machine lacks something that is needed; the text says what."""
