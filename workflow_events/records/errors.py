"""The errors of records."""


class UnforeseenUpdate(RuntimeError):
    """A record was updated, though nothing was known of its row when the save began."""
