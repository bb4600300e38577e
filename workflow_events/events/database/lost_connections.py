"""Noticing, without a statement, that PostgreSQL has ended a connection while it was idle."""

from select import POLLIN, poll
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def close_if_lost(**_: Any) -> None:
    """Close the connection of this thread if it was lost; the next statement makes a new one.

    A server that ends a connection says so, and one that is idle has nothing else to say: only
    where there is something to read, the connection is tried. Django's CONN_HEALTH_CHECKS would
    try it at each request, by a statement.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if (
        connection.vendor == "postgresql"
        and connection.connection is not None
        and not connection.in_atomic_block
        and _has_something_to_say(connection.connection)
        and not connection.is_usable()
    ):
        connection.close()


def _has_something_to_say(connection: Any) -> bool:
    if connection.closed:
        return True
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))
