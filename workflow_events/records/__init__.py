"""Events of a record's life: created, updated, deleted (docs/how-to/listen-to-records.md)."""

from workflow_events.records.errors import UnforeseenUpdate
from workflow_events.records.events import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
    RecordEvent,
    post_create_record,
    post_delete_record,
    post_update_record,
    pre_create_record,
    pre_delete_record,
    pre_update_record,
)
from workflow_events.records.filters import changed
from workflow_events.records.observers import Observer
from workflow_events.records.querysets import RecordQuerySet

__all__ = [
    "Observer",
    "PostCreateRecord",
    "PostDeleteRecord",
    "PostUpdateRecord",
    "PreCreateRecord",
    "PreDeleteRecord",
    "PreUpdateRecord",
    "RecordEvent",
    "RecordQuerySet",
    "UnforeseenUpdate",
    "changed",
    "post_create_record",
    "post_delete_record",
    "post_update_record",
    "pre_create_record",
    "pre_delete_record",
    "pre_update_record",
]
