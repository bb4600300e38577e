"""Conditions and orders that give the same results on PostgreSQL and on SQLite."""

from workflow_events.workflow.lookups.groups import groups_overlap

__all__ = ["groups_overlap"]
