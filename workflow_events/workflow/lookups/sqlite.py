"""What the lookups call on SQLite, which PostgreSQL has by itself."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from workflow_events.workflow.lookups.json_order import json_number, json_rank, json_text
from workflow_events.workflow.lookups.json_values import has_json_key, json_value_matches
from workflow_events.workflow.lookups.search import has_words
from workflow_events.workflow.lookups.text_order import DICTIONARY, compare

FUNCTIONS = (has_json_key, json_value_matches, json_rank, json_number, json_text, has_words)


def register_functions(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receive ``connection_created``: give a connection to SQLite our functions and collation."""
    if connection.vendor != "sqlite":
        return
    for function in FUNCTIONS:
        connection.connection.create_function(
            function.__name__, function.__code__.co_argcount, function, deterministic=True
        )
    connection.connection.create_collation(DICTIONARY, compare)
