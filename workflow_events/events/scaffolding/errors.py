"""Why nothing was written."""


class CannotWrite(ValueError):
    """What is asked for cannot be written; nothing was."""
