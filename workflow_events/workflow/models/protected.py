"""Fields that change through operations only (contract section 4, "what a receiver sees")."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from django.db import models

from workflow_events.workflow.errors import InvalidTransition

NOTHING: Mapping[str, object] = MappingProxyType({})
AWAITED: Final = "awaited_row"
"""Attribute of an instance's ``_state`` for what the row must be when the engine saves it."""


@cache
def _attnames(model: "type[ProtectedModel]") -> tuple[tuple[str, str], ...]:
    # Asked for every row that is loaded, so that looking up the fields each time would be seen.
    return tuple((name, model._attname(name)) for name in model.protected)


class ProtectedQuerySet(models.QuerySet[Any]):
    """A queryset that refuses to write what only operations may write."""

    def update(self, **kwargs: Any) -> int:
        """Update as Django does; raises `InvalidTransition` for a protected field."""
        self.model.refuse_protected(kwargs, "QuerySet.update()")
        return super().update(**kwargs)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Update as Django does; raises `InvalidTransition` for a protected field."""
        names = list(fields)
        self.model.refuse_protected(names, "QuerySet.bulk_update()")
        return super().bulk_update(objs, names, batch_size=batch_size)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Insert as Django does; a protected field may not be among those updated on conflict."""
        self.model.refuse_protected(options.get("update_fields") or (), "QuerySet.bulk_create()")
        created = super().bulk_create(objs, *args, **options)
        for instance in created:
            instance.remember()
        return created

    def write_protected(self, **values: Any) -> int:
        """Update without the check; for the engine, which has locked the family."""
        return super().update(**values)

    write_protected.queryset_only = True  # type: ignore[attr-defined]


class ProtectedModel(models.Model):
    """A model with fields that ``save()`` does not write once the row exists.

    An insert is free. The values that were loaded are kept in ``_stored``, which is replaced,
    never changed, so that copies of an instance cannot disturb each other.
    """

    protected: ClassVar[frozenset[str]] = frozenset()
    _stored: Mapping[str, object] = NOTHING

    objects = ProtectedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save everything but the protected fields; an insert saves those too.

        Raises `InvalidTransition` when a protected field that would be written has changed.
        Unlike Django's, it does not insert a row again that was deleted meanwhile.
        """
        adding = self._state.adding and not force_update and update_fields is None
        if adding or force_insert:
            self.remember()  # what receives post_save may save the row again
            super().save(force_insert=force_insert, using=using, update_fields=update_fields)
            self.remember()
            return
        names = self._loaded_names() if update_fields is None else set(update_fields)
        written = names & (self.protected | {self._attname(name) for name in self.protected})
        changed = sorted(name for name in written if self._has_changed(name))
        if changed:
            self.refuse_protected(changed, "save()")
        super().save(force_update=force_update, using=using, update_fields=names - written)

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **options: Any,
    ) -> Self:
        """Load an instance, and remember what was loaded."""
        instance = super().from_db(db, field_names, values, **options)
        instance.remember()
        return instance

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        """Refresh as Django does, and remember what was loaded."""
        names = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        self.remember(names)

    def save_protected(
        self, update_fields: Iterable[str], *, where: Mapping[str, object] = NOTHING
    ) -> None:
        """Save these fields without the check; for the engine, which has locked the family.

        What receives ``pre_save`` may have changed the row: unless it still answers to the lookups
        in ``where``, raises ``DatabaseError`` as Django does for a row that is gone.
        """
        self.remember()  # what receives post_save may save the row again
        names = frozenset(update_fields)
        state = vars(self._state)
        outer = state.get(AWAITED)
        state[AWAITED] = (names, where)
        try:
            super().save(update_fields=names)
        finally:
            state[AWAITED] = outer
        self.remember()

    def _do_update(
        self, base_qs: Any, using: Any, pk_val: Any, values: Any, update_fields: Any, *more: Any
    ) -> Any:
        names, where = vars(self._state).get(AWAITED) or (None, NOTHING)
        # Receivers may save the same instance meanwhile, which is another matter.
        rows = base_qs.filter(**where) if where and names == update_fields else base_qs
        return super()._do_update(rows, using, pk_val, values, update_fields, *more)

    def remember(self, fields: Collection[str] | None = None) -> None:
        """Take the values of the protected fields that are loaded for what the row holds."""
        values = vars(self)
        loaded = {
            name: values[attname]
            for name, attname in _attnames(type(self))
            if attname in values and (fields is None or name in fields or attname in fields)
        }
        self._stored = {**self._stored, **loaded}

    @classmethod
    def refuse_protected(cls, names: Iterable[str], how: str) -> None:
        """Raise `InvalidTransition` if one of these names is a protected field."""
        refused = sorted(
            name for name in names if any(name in (p, cls._attname(p)) for p in cls.protected)
        )
        if refused:
            raise InvalidTransition(
                f"{cls.__name__}.{', '.join(refused)} cannot be written by {how}: it changes "
                "through operations only (see workflow_events.workflow.api)."
            )

    @classmethod
    def _attname(cls, name: str) -> str:
        return cls._meta.get_field(name).attname  # type: ignore[union-attr]

    def _loaded_names(self) -> set[str]:
        deferred = self.get_deferred_fields()
        return {
            field.name
            for field in self._meta.concrete_fields
            if not field.primary_key and field.attname not in deferred
        }

    def _has_changed(self, name: str) -> bool:
        field = self._meta.get_field(name)
        if field.attname not in self.__dict__:  # type: ignore[union-attr]
            return False
        value = self.__dict__[field.attname]  # type: ignore[union-attr]
        return field.name not in self._stored or value != self._stored[field.name]
