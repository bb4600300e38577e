"""Conditions and orders that give the same results on PostgreSQL and on SQLite.

What PostgreSQL can say, it is told in SQL, so that its indexes serve; SQLite calls functions of
ours where its own differ.
"""

from workflow_events.workflow.lookups.groups import groups_overlap
from workflow_events.workflow.lookups.json_order import json_order
from workflow_events.workflow.lookups.json_rules import JSONLookup, problem_of
from workflow_events.workflow.lookups.json_values import has_key, json_value
from workflow_events.workflow.lookups.search import (
    MAX_WORD,
    MAX_WORDS,
    words_match,
    words_of,
)
from workflow_events.workflow.lookups.text_order import ByCodepoint, InDictionary

__all__ = [
    "MAX_WORD",
    "MAX_WORDS",
    "ByCodepoint",
    "InDictionary",
    "JSONLookup",
    "groups_overlap",
    "has_key",
    "json_order",
    "json_value",
    "problem_of",
    "words_match",
    "words_of",
]
