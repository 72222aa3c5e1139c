"""Errors that a command tells its user in one line."""


class UserError(Exception):
    """Something that the user can put right. The text is one line: what, where, and what to do."""


class Unavailable(UserError):
    """This machine lacks something that is needed; the text says what."""
