"""A module that fails to import, for tests of what is told then."""

raise ZeroDivisionError("on purpose")
