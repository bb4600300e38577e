"""Keeping what receivers see in step with the database (contract section 4).

Taken before the first receiver: of every model instance in the payload, of those it has loaded
through its foreign keys, and of every list and dict. After each receiver they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Protocol
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from workflow_events.events.event import Event

_CONTAINERS = (dict, list, set)
_UNCHANGING = frozenset({NoneType, str, int, float, bool, bytes, UUID, Decimal, datetime, type})


class Snapshot(Protocol):
    """What an object of the payload was when the receiver that runs was called."""

    def after_success(self) -> None:
        """Take over, or put back, what a receiver did that wrote nothing."""

    def restore(self) -> None:
        """Put everything back as it was."""


class ContainerSnapshot:
    """A list, dict or set: a receiver's changes are kept, a failed one's undone in place."""

    def __init__(self, container: Any) -> None:
        self.container = container
        self.copy = _copied(container)

    def after_success(self) -> None:
        """Keep the changes."""
        if self.container != self.copy:
            self.copy = _copied(self.container)

    def restore(self) -> None:
        """Fill the same object with what it held."""
        if self.container != self.copy:
            content = _copied(self.copy)
            self.container.clear()
            if isinstance(self.container, list):
                self.container.extend(content)
            else:
                self.container.update(content)


class InstanceSnapshot:
    """A model instance: only what is stored in the database outlives its receiver."""

    def __init__(self, instance: models.Model, *, fresh: bool) -> None:
        self.instance = instance
        self.fresh = fresh and not instance._state.adding
        self._take()

    def after_success(self) -> None:
        """Undo unsaved changes of a stored instance; one that is being made keeps them."""
        if self.fresh:
            self.restore()
        elif self._changed():
            self._take()

    def restore(self) -> None:
        """Put the attributes and loaded relations back."""
        if self._changed():
            state = self.instance._state
            vars(self.instance).clear()
            vars(self.instance).update(
                {name: _copied(value) for name, value in self.values.items()}
            )
            state.fields_cache.clear()
            state.fields_cache.update(self.relations)
            state.adding, state.db = self.adding, self.db

    def _take(self) -> None:
        self.values = {name: _copied(value) for name, value in vars(self.instance).items()}
        state = self.instance._state
        self.relations = dict(state.fields_cache)
        self.identities = list(map(id, self.relations.values()))
        self.adding, self.db = state.adding, state.db

    def _changed(self) -> bool:
        state = self.instance._state
        return (
            vars(self.instance) != self.values
            or list(map(id, state.fields_cache.values())) != self.identities
            or state.adding != self.adding
        )


class QuerySetSnapshot:
    """A queryset of the payload: rows that it has loaded are asked for again."""

    def __init__(self, event: Event, name: str) -> None:
        self.event = event
        self.name = name

    def after_success(self) -> None:
        """Give the next receiver a queryset that has loaded nothing."""
        vars(self.event)[self.name] = vars(self.event)[self.name].all()

    restore = after_success


def snapshots_of(event: Event) -> list[Snapshot]:
    """Return a snapshot of everything in the payload that a receiver could change in place."""
    for value in event.__dict__.values():
        if type(value) not in _UNCHANGING:
            break
    else:
        return []
    found: list[Snapshot] = []
    instances: dict[int, models.Model] = {}
    for name, value in vars(event).items():
        if isinstance(value, models.Model):
            _collect(value, instances)
        elif isinstance(value, _CONTAINERS):
            found.append(ContainerSnapshot(value))
            for member in _members(value):
                _collect(member, instances)
        elif isinstance(value, QuerySet):
            found.append(QuerySetSnapshot(event, name))
    if not instances:
        return found
    fresh = event.fresh_instances
    return found + [InstanceSnapshot(instance, fresh=fresh) for instance in instances.values()]


def refreshed(event: Event) -> list[Snapshot]:
    """Bring the payload up to date with the database, in place, and return new snapshots."""
    if event.fresh_instances:
        for name, value in vars(event).items():
            if isinstance(value, models.Model):
                reload_in_place(value)
            elif isinstance(value, _CONTAINERS):
                for member in _members(value):
                    reload_in_place(member)
            elif isinstance(value, QuerySet):
                vars(event)[name] = value.all()
    return snapshots_of(event)


def reload_in_place(instance: models.Model) -> None:
    """Load the row of an instance, and of the relations it has loaded, into the same objects.

    An instance that is not stored, or whose row is gone, stays as it is.
    """
    if instance._state.adding:
        return
    rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
    paths = list(_loaded_paths(instance))
    fresh = rows.select_related(*paths).first() if paths else rows.first()
    if fresh is not None:
        _take_over(instance, fresh)


def _take_over(instance: models.Model, fresh: models.Model) -> None:
    state, news = instance._state, fresh._state.fields_cache
    for name, old in list(state.fields_cache.items()):
        new = news.get(name)
        if old is not None and new is not None and old.pk == new.pk:
            _take_over(old, new)
        elif name in news:
            state.fields_cache[name] = new
        else:
            del state.fields_cache[name]  # asked for again when it is needed
    vars(instance).clear()
    vars(instance).update(vars(fresh), _state=state)


def _collect(instance: models.Model, found: dict[int, models.Model]) -> None:
    if id(instance) not in found:
        found[id(instance)] = instance
        for _, related in _loaded(instance):
            _collect(related, found)


def _loaded(instance: models.Model) -> Iterator[tuple[str, models.Model]]:
    forward = _forward_relations(type(instance))
    for name, related in instance._state.fields_cache.items():
        if related is not None and name in forward:
            yield name, related


def _loaded_paths(instance: models.Model, depth: int = 3) -> Iterator[str]:
    for name, related in _loaded(instance) if depth else ():
        yield name
        for path in _loaded_paths(related, depth - 1):
            yield f"{name}__{path}"


@cache
def _forward_relations(model: type[models.Model]) -> frozenset[str]:
    return frozenset(field.name for field in model._meta.concrete_fields if field.is_relation)


def _members(container: Any) -> Iterator[models.Model]:
    for member in container.values() if isinstance(container, dict) else container:
        if isinstance(member, models.Model):
            yield member


def _copied(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _copied(member) for key, member in value.items()}
    if kind is list:
        return [_copied(member) for member in value]
    if kind is set:
        return set(value)
    return value
