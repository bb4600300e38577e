"""Tables with what records may have: keys of their own, children, proxies, JSON, files, money."""

import uuid
from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db import connection, models

from workflow_events.records import RecordQuerySet

_APPS = Apps()


class Shelf(models.Model):
    """A row with a key that somebody chooses."""

    slug = models.CharField(max_length=20, primary_key=True)
    label = models.CharField(max_length=20, default="shelf")

    objects = RecordQuerySet.as_manager()

    class Meta:
        app_label = "record_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.slug


class Book(models.Model):
    """A row with a key of the database."""

    title = models.CharField(max_length=20, default="book")
    pages = models.IntegerField(default=1)
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    cover = models.FileField(null=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="books")
    twin = models.ForeignKey("self", models.SET_NULL, null=True)
    seen_at = models.DateTimeField(auto_now=True)

    objects = RecordQuerySet.as_manager()
    plain = models.Manager["Book"]()

    class Meta:
        app_label = "record_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.title


class Atlas(Book):
    """A child with a table of its own."""

    scale = models.IntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        app_label = "record_tests"
        apps = _APPS


class Paperback(Book):
    """A proxy."""

    objects = RecordQuerySet.as_manager()

    class Meta:
        app_label = "record_tests"
        apps = _APPS
        proxy = True


class Ticket(models.Model):
    """A row whose key has a default."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    state = models.CharField(max_length=20, default="new")
    tags = models.ManyToManyField(Shelf)

    class Meta:
        app_label = "record_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.state


class Labelled(models.Model):
    """A base without a table."""

    label = models.CharField(max_length=20, default="label")

    class Meta:
        abstract = True


class Seat(Labelled):
    """A row whose key has two columns."""

    pk = models.CompositePrimaryKey("row", "number")
    row = models.IntegerField()
    number = models.IntegerField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        app_label = "record_tests"
        apps = _APPS

    def __str__(self) -> str:
        return f"{self.row}-{self.number}"


class Lowered(models.CharField[str, str]):
    """Stores a text in lower case."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value


class Account(models.Model):
    """A row whose key is another one to the database than to Python."""

    name = Lowered(primary_key=True, max_length=20)
    number = models.CharField(max_length=20, unique=True, null=True)
    balance = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    rate = models.FloatField(default=1)
    mail = Lowered(max_length=20, default="")
    seen_at = models.DateTimeField(null=True)
    photo = models.BinaryField(null=True)
    heir = models.ForeignKey("self", models.CASCADE, to_field="number", null=True)

    class Meta:
        app_label = "record_tests"
        apps = _APPS

    def __str__(self) -> str:
        return self.name


class _Config(AppConfig):
    label = "record_tests"
    path = "."


# Without it, Django would not find who refers to whom, and deletions would not cascade.
_APPS.app_configs["record_tests"] = _config = _Config("record_tests", None)
_config.apps, _config.models = _APPS, _APPS.all_models["record_tests"]
_APPS.clear_cache()

MODELS: list[Any] = [Shelf, Book, Atlas, Ticket, Seat, Account]


class Tables:
    """Makes and drops the tables."""

    @classmethod
    def make(cls) -> None:
        with connection.schema_editor() as editor:
            for model in MODELS:
                editor.create_model(model)

    @classmethod
    def drop(cls) -> None:
        with connection.schema_editor() as editor:
            for model in MODELS[::-1]:
                editor.delete_model(model)

    @classmethod
    def empty(cls) -> None:
        for model in [Ticket.tags.through, *MODELS[::-1]]:
            model._base_manager.all()._raw_delete(connection.alias)
