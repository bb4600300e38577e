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
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.functional import LazyObject

from workflow_events.events.declaration.event import Event

_CONTAINERS = (dict, list, set)
UNCHANGING = frozenset({NoneType, str, int, float, bool, bytes, UUID, Decimal, datetime, type})
"""Types of values that cannot be changed in place."""


class Snapshot:
    """What everything in a payload that can be changed in place was when a receiver was called.

    ``live`` holds the objects themselves (lists, dicts, and the dicts behind model instances) and
    ``saved`` their copies, so that one comparison tells whether a receiver changed any of them.
    """

    __slots__ = ("event", "instances", "live", "originals", "querysets", "saved", "states")

    def __init__(self, event: Event | None) -> None:
        self.event = event
        self.live: list[Any] = []
        self.instances: list[models.Model] = []
        self.querysets: list[str] = []
        if event is not None:
            self._collect(event)
        self._save()

    def changed(self) -> bool:
        """Tell whether a receiver changed something in place."""
        return self.live != self.saved

    def accept(self) -> None:
        """Settle what a receiver did that wrote nothing: only what is stored outlives it.

        Changes of lists, dicts, and instances on their way to the database are kept.
        """
        if self.event is not None:
            if type(self.event).fresh_instances:
                self._restore_stored_instances()
            self._forget_rows(self.event)
            self._save()

    def restore(self) -> None:
        """Undo what a failed receiver changed."""
        if self.event is not None:
            for value, copy in zip(self.live, self.saved, strict=True):
                self._refill(value, copy)
            for instance, state in zip(self.instances, self.states, strict=True):
                instance._state.adding, instance._state.db = state
            self._forget_rows(self.event)

    def _collect(self, event: Event) -> None:
        found: dict[int, models.Model] = {}
        for name, value in vars(event).items():
            if isinstance(value, models.Model):
                _collect(value, found)
            elif isinstance(value, _CONTAINERS):
                self.live.append(value)
                for member in _members(value):
                    _collect(member, found)
            elif isinstance(value, QuerySet):
                self.querysets.append(name)
                # Rows that are loaded already could be changed without our seeing it.
                vars(event)[name] = fresh = value if value._result_cache is None else value.all()
                self.live.append(vars(fresh))
        self.instances = list(found.values())
        for instance in self.instances:
            self.live += [vars(instance), instance._state.fields_cache]

    def _save(self) -> None:
        self.originals: dict[int, Any] = {}
        self.saved = [_copied(value, self.originals) for value in self.live]
        self.states = [(i._state.adding, i._state.db) for i in self.instances]

    def _restore_stored_instances(self) -> None:
        first = len(self.live) - 2 * len(self.instances)
        for place, (adding, db) in enumerate(self.states):
            if not adding:
                for at in (first + 2 * place, first + 2 * place + 1):
                    self._refill(self.live[at], self.saved[at])
                state = self.instances[place]._state
                state.adding, state.db = adding, db

    def _refill(self, container: Any, copy: Any) -> None:
        """Fill a container, and those inside it, with what each held: they stay the same objects.

        Whether it is needed cannot be told by comparing: 0 equals False, and one instance equals
        another one of the same row.
        """
        container.clear()
        if isinstance(container, dict):
            for key, member in copy.items():
                container[key] = self._refilled(member)
        elif isinstance(container, list):
            container.extend(map(self._refilled, copy))
        else:
            container.update(copy)

    def _refilled(self, member: Any) -> Any:
        original = self.originals.get(id(member))
        if original is None:
            return member
        self._refill(original, member)
        return original

    def _forget_rows(self, event: Event) -> None:
        for name in self.querysets:
            vars(event)[name] = vars(event)[name].all()


NOTHING = Snapshot(None)
"""The snapshot of a payload that cannot be changed in place."""


def refreshed(event: Event) -> Snapshot:
    """Bring the payload up to date with the database, in place, and return a new snapshot."""
    if type(event).fresh_instances:
        for instance in {id(member): member for member in _members(vars(event))}.values():
            reload_in_place(instance)
        for name, value in vars(event).items():
            if isinstance(value, QuerySet):
                vars(event)[name] = value.all()
    return Snapshot(event)


def itself(instance: Any) -> Any:
    """Return the instance that a lazy object such as ``request.user`` stands for.

    It has been loaded, as somebody has asked for its class.
    """
    while isinstance(instance, LazyObject):
        instance = instance._wrapped
    return instance


def reload_in_place(instance: models.Model) -> None:
    """Load the row of an instance, and of the relations it has loaded, into the same objects.

    An instance that is not stored, or whose row is gone, stays as it is.
    """
    instance = itself(instance)
    if instance._state.adding:
        return
    rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
    paths = list(_loaded_paths(instance))
    fresh = rows.select_related(*paths).first() if paths else rows.first()
    if fresh is not None:
        _take_over(instance, fresh, set())


def _take_over(instance: models.Model, fresh: models.Model, done: set[int]) -> None:
    instance = itself(instance)
    if id(instance) in done:
        return  # one-to-one relations lead back to where they came from
    done.add(id(instance))
    state, news = instance._state, fresh._state.fields_cache
    for name, old in list(state.fields_cache.items()):
        new = news.get(name)
        if old is not None and new is not None and old.pk == new.pk:
            _take_over(old, new, done)
        elif name in news:
            state.fields_cache[name] = new
        else:
            del state.fields_cache[name]  # asked for again when it is needed
    vars(instance).clear()
    vars(instance).update(vars(fresh), _state=state)


def _collect(instance: models.Model, found: dict[int, models.Model]) -> None:
    instance = itself(instance)
    if id(instance) not in found:
        found[id(instance)] = instance
        # Those reached by a reverse key too; reloading then drops them, to be asked for again.
        for related in instance._state.fields_cache.values():
            if isinstance(related, models.Model):
                _collect(related, found)


def _loaded(instance: models.Model) -> Iterator[tuple[str, models.Model]]:
    forward = _forward_relations(type(instance))
    for name, related in instance._state.fields_cache.items():
        if related is not None and name in forward:
            yield name, itself(related)


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
            yield itself(member)
        elif isinstance(member, dict | list | set):
            yield from _members(member)


def _copied(value: Any, originals: dict[int, Any]) -> Any:
    """Return a copy of a container; ``originals`` notes of which, by the id of the copy."""
    kind = type(value)
    if kind in UNCHANGING:
        return value
    copy: Any
    if kind is dict or (isinstance(value, dict) and not isinstance(value, MultiValueDict)):
        copy = {key: _copied(member, originals) for key, member in value.items()}
    elif isinstance(value, list):
        copy = [_copied(member, originals) for member in value]
    elif isinstance(value, set):
        copy = set(value)
    else:
        return value
    originals[id(copy)] = value
    return copy
