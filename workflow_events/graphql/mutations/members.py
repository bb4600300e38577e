"""The kinds of members that the inputs of mutations are made of."""

from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import graphene
from django.db.models import Model, QuerySet

from workflow_events.graphql.ids import MAX_SLUG_LENGTH, SLUG, Kind, parse_id, shortened
from workflow_events.graphql.scalars import JSONString
from workflow_events.graphql.selection import chunks
from workflow_events.graphql.values import aware, check_storable, parse_json, parse_json_object
from workflow_events.workflow.errors import InvalidInput, NotFound

Value = TypeVar("Value")

MAX_NAME_LENGTH = 255


class Null(Enum):
    """What an explicit null means."""

    REFUSED = "an error"
    KEPT = "null"
    OMITTED = "the same as leaving the member out"


class Member(Generic[Value]):
    """One member of an input: its type in GraphQL, what null means, and how it is parsed."""

    kind: Kind | None = None
    """The kind of the objects that it names, if it names any."""

    def __init__(
        self,
        type_: Any,
        description: str,
        *,
        required: bool = False,
        null: Null = Null.REFUSED,
    ) -> None:
        self.type = type_
        self.description = description
        self.required = required
        self.null = null

    def field(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(self.type, required=self.required, description=self.description)

    def parse(self, value: Value, name: str) -> Any:
        """Return what the operation gets; raise `InvalidInput` that names the member."""
        check_storable(value, name)
        return value

    def look_up(self, value: Any, rows: QuerySet[Any]) -> tuple[Any, Model | None]:
        """Return what the operation gets in place of the parsed value, and the object it names.

        Takes the rows of its kind that may be named; raises `NotFound` where the object is none
        of them.
        """
        raise NotImplementedError


class Text(Member[str]):
    """A string, of limited length where the column is, and not blank where it is required."""

    def __init__(
        self,
        description: str,
        *,
        type_: type[graphene.Scalar] = graphene.String,
        max_length: int | None = None,
        required: bool = False,
        null: Null = Null.REFUSED,
    ) -> None:
        super().__init__(type_, description, required=required, null=null)
        self.max_length = max_length

    def parse(self, value: str, name: str) -> str:
        """Check the text."""
        check_storable(value, name)
        if self.required and not value.strip():
            raise InvalidInput(f'"{name}" may not be blank.')
        if self.max_length is not None and len(value) > self.max_length:
            raise InvalidInput(
                f'"{name}" may have {self.max_length} characters, but has {len(value)}.'
            )
        return value


class NewSlug(str):
    """A slug that nothing had when it was looked up: what is saved under it must be new."""


class Slug(Member[str]):
    """The key of a workflow or task to create or, where there is one, to change."""

    def __init__(self, kind: Kind, description: str) -> None:
        super().__init__(graphene.String, description, required=True)
        self.kind = kind

    def parse(self, value: str, name: str) -> str:
        """Check that it is a slug."""
        if not SLUG.fullmatch(value) or len(value) > MAX_SLUG_LENGTH:
            raise InvalidInput(
                f'"{name}": {shortened(value)} is no slug: up to {MAX_SLUG_LENGTH} letters, '
                "digits, hyphens and underscores."
            )
        return value

    def look_up(self, value: str, rows: QuerySet[Any]) -> tuple[str, Model | None]:
        """Keep the slug; find what it names, which may be nothing yet, but nothing invisible."""
        found = rows.filter(pk=value).first()
        if found is not None:
            return value, found
        if rows.model._default_manager.filter(pk=value).exists():
            raise no_such(rows.model, [value])
        return NewSlug(value), None


class Id(Member[str]):
    """The id of an object: a global id, or the bare key."""

    kind: Kind

    def __init__(
        self,
        kind: Kind,
        description: str,
        *,
        type_: type[graphene.Scalar] = graphene.ID,
        required: bool = False,
    ) -> None:
        super().__init__(type_, description, required=required, null=Null.OMITTED)
        self.kind = kind

    def parse(self, value: str, name: str) -> Any:
        """Return the key."""
        return parse_id(value, self.kind, name)

    def look_up(self, value: Any, rows: QuerySet[Any]) -> tuple[Any, Model | None]:
        """Find the object."""
        found = rows.filter(pk=value).first()
        if found is None:
            raise no_such(rows.model, [value])
        return found, found


class Ids(Member[list[str | None]]):
    """The ids of at least one object."""

    kind: Kind

    def __init__(self, kind: Kind, description: str) -> None:
        super().__init__(graphene.List(graphene.ID), description, required=True)
        self.kind = kind

    def parse(self, value: list[str | None], name: str) -> list[Any]:
        """Return the keys."""
        if not value:
            raise InvalidInput(f'"{name}" may not be empty.')
        return [parse_id(text, self.kind, name) for text in without_null(value, name)]

    def look_up(self, value: list[Any], rows: QuerySet[Any]) -> tuple[Any, Model | None]:
        """Find the objects, each once."""
        keys = list(dict.fromkeys(value))
        found = {row.pk: row for chunk in chunks(keys) for row in rows.filter(pk__in=chunk)}
        missing = [key for key in keys if key not in found]
        if missing:
            raise no_such(rows.model, missing)
        return [found[key] for key in keys], None


class TextList(Member[list[str | None]]):
    """A list of strings."""

    def __init__(self, description: str) -> None:
        super().__init__(graphene.List(graphene.String), description)

    def parse(self, value: list[str | None], name: str) -> list[str]:
        """Check the texts."""
        check_storable(value, name)
        return without_null(value, name)


class Meta(Member[str]):
    """A JSON object for the deployment's own data."""

    def __init__(self) -> None:
        super().__init__(JSONString, "The deployment's own data: a JSON object, as a string.")

    def parse(self, value: str, name: str) -> dict[str, Any]:
        """Return the object."""
        return parse_json_object(value, name)


class Context(Member[str]):
    """JSON that is handed to receivers and expressions, and stored nowhere."""

    def __init__(self) -> None:
        super().__init__(
            JSONString,
            "JSON, as a string, for receivers, dynamic tasks and expressions; it is not stored.",
            null=Null.OMITTED,
        )

    def parse(self, value: str, name: str) -> Any:
        """Return what the JSON says."""
        return parse_json(value, name)


class Moment(Member[datetime]):
    """A moment."""

    def __init__(self, description: str, *, null: Null = Null.KEPT) -> None:
        super().__init__(graphene.DateTime, description, null=null)

    def parse(self, value: datetime, name: str) -> datetime:
        """Return it in UTC."""
        return aware(value, name)


class Flag(Member[bool]):
    """A truth value."""

    def __init__(self, description: str) -> None:
        super().__init__(graphene.Boolean, description)


class Seconds(Member[int]):
    """A number of seconds."""

    def __init__(self, description: str) -> None:
        super().__init__(graphene.Int, description, null=Null.KEPT)

    def parse(self, value: int, name: str) -> int:
        """Check that it is not negative."""
        if value < 0:
            raise InvalidInput(f'"{name}" may not be negative, but is {value}.')
        return value


def without_null(values: list[str | None], name: str) -> list[str]:
    """Return the list; `InvalidInput` if null is in it."""
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        raise InvalidInput(f'"{name}" may not hold null.')
    return found


def no_such(model: type[Model], keys: list[Any]) -> NotFound:
    """Return the error for objects that are missing, or invisible: there is no difference."""
    named = ", ".join(repr(key) if isinstance(key, str) else str(key) for key in keys)
    return NotFound(f"There is no {model._meta.verbose_name} {named}.")
