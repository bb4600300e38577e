"""Tables with deferred foreign keys on every database, which the tables of the workflow lack."""

from typing import Any, ClassVar

from django.apps.registry import Apps
from django.db import connection, models

_APPS = Apps()


class Parent(models.Model):
    """A row that others refer to."""

    slug = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20, default="parent")

    class Meta:
        app_label = "event_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.slug


class Child(models.Model):
    """A row that refers to another one."""

    name = models.CharField(max_length=20, default="child")
    size = models.SmallIntegerField(default=0)
    data = models.JSONField(default=dict)
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="children")
    twin = models.OneToOneField("self", models.SET_NULL, null=True, related_name="twin_of")

    class Meta:
        app_label = "event_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """Who has written; each writer once."""

    by = models.CharField(max_length=20, unique=True)

    class Meta:
        app_label = "event_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.by

    @classmethod
    def write(cls, by: str) -> None:
        """Leave a row."""
        cls.objects.create(by=by)

    @classmethod
    def all_by(cls) -> list[str]:
        """Return who has left a row, in order."""
        return list(cls.objects.order_by("pk").values_list("by", flat=True))


MODELS: list[type[models.Model]] = [Parent, Child, Note]


class Tables:
    """Makes and drops the tables."""

    made: ClassVar[bool] = False

    @classmethod
    def make(cls) -> None:
        """Create the tables, once."""
        if not cls.made:
            cls._edit("create_model", MODELS)
            cls.made = True

    @classmethod
    def drop(cls) -> None:
        """Drop the tables, so that no other test meets them."""
        if cls.made:
            cls._edit("delete_model", MODELS[::-1])
            cls.made = False

    @classmethod
    def empty(cls) -> None:
        """Delete all rows; Django's flush knows the tables of installed apps only."""
        for model in MODELS[::-1]:
            model._base_manager.all()._raw_delete(connection.alias)  # type: ignore[attr-defined]

    @staticmethod
    def _edit(operation: str, tables: list[Any]) -> None:
        with connection.schema_editor() as editor:
            for table in tables:
                getattr(editor, operation)(table)
