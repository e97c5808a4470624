"""The one error that is the user's."""


class InputError(ValueError):
    """The user's input is wrong, or the system refuses. The message is one line: what, where, what to do."""
