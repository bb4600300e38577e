"""The kinds of filters that the filter sets are made of."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import graphene
from django.db.models import F, Q, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.graphql.filters.base import FieldFilter, Filter
from workflow_events.graphql.ids import Kind, parse_id
from workflow_events.graphql.values import aware
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.languages import Text as LocalizedField
from workflow_events.workflow.languages import localized_equals, localized_expression
from workflow_events.workflow.lookups import (
    MAX_WORD,
    MAX_WORDS,
    groups_overlap,
    words_match,
    words_of,
)


class Text(FieldFilter[str]):
    """The field has exactly this text."""

    input_type = graphene.String

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the text."""
        return Q(**{self.field: value})


class LocalizedText(Filter[str]):
    """The field has exactly this text in the active language."""

    input_type = graphene.String

    def __init__(self, field: LocalizedField, description: str) -> None:
        super().__init__(description)
        self.field = field

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the text in the active language."""
        return localized_equals(self.field, value)


class AnyText(FieldFilter[list[str | None]]):
    """The field has one of these texts."""

    input_type = graphene.List(graphene.String)

    def condition(self, value: list[str | None], member: str, info: GraphQLResolveInfo) -> Q:
        """Compare with any of the texts; nulls among them are passed over."""
        texts = [text for text in value if text is not None]
        return Q(**{f"{self.field}__in": texts}) if texts else Q()


class AnyMember(AnyText):
    """The field holds a list with one of these texts."""

    def condition(self, value: list[str | None], member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the lists; nulls among the texts are passed over."""
        texts = [text for text in value if text is not None]
        return groups_overlap(self.field, texts) if texts else Q()


class Words(Filter[str]):
    """All words of a text occur in some of the fields, of which some have several languages."""

    input_type = graphene.String

    def __init__(
        self, fields: Sequence[str], localized: Sequence[LocalizedField], description: str
    ) -> None:
        super().__init__(description)
        self.fields = fields
        self.localized = localized

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Search for the words; raises `InvalidInput` for too many, or one that is too long."""
        words = words_of(value)
        if len(words) > MAX_WORDS:
            raise InvalidInput(f'"{member}" has {len(words)} words; {MAX_WORDS} are allowed.')
        if any(len(word) > MAX_WORD for word in words):
            raise InvalidInput(f'"{member}" has a word of more than {MAX_WORD} characters.')
        texts = [localized_expression(field) for field in self.localized]
        return words_match([*map(F, self.fields), *texts], value)


class Id(FieldFilter[str]):
    """The field holds the key of this object, given by global id or bare key."""

    input_type = graphene.ID

    def __init__(self, field: str, kind: Kind, description: str) -> None:
        super().__init__(field, description)
        self.kind = kind

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the key."""
        return Q(**{self.field: parse_id(value, self.kind, member)})


class AnyId(FieldFilter[list[str | None]]):
    """The field holds the key of one of these objects."""

    input_type = graphene.List(graphene.ID)

    def __init__(self, field: str, kind: Kind, description: str) -> None:
        super().__init__(field, description)
        self.kind = kind

    def condition(self, value: list[str | None], member: str, info: GraphQLResolveInfo) -> Q:
        """Compare with any of the keys; nulls among them are passed over."""
        keys = [parse_id(text, self.kind, member) for text in value if text is not None]
        return Q(**{f"{self.field}__in": keys}) if keys else Q()


class Among(Filter[str]):
    """The row is among those that a subquery finds for the object with this id."""

    input_type = graphene.ID
    looks_elsewhere = True

    def __init__(
        self, kind: Kind, keys_of: Callable[[Any], QuerySet[Any, Any]], description: str
    ) -> None:
        super().__init__(description)
        self.kind = kind
        self.keys_of = keys_of

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Look the row's key up in the subquery."""
        return Q(pk__in=self.keys_of(parse_id(value, self.kind, member)))


class Choice(FieldFilter[Enum]):
    """The field has this value of an enum."""

    def __init__(self, field: str, enum: type[graphene.Enum], description: str) -> None:
        super().__init__(field, description)
        self.enum = enum

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(self.enum, description=self.description)

    def condition(self, value: Enum, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the value."""
        return Q(**{self.field: value.value})


class AnyChoice(Choice):
    """The field has one of these values of an enum."""

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(graphene.List(self.enum), description=self.description)

    def condition(self, value: Any, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare with any of the values; nulls among them are passed over."""
        wanted = [choice.value for choice in value if choice is not None]
        return Q(**{f"{self.field}__in": wanted}) if wanted else Q()


class Flag(FieldFilter[bool]):
    """The field is true, or false."""

    input_type = graphene.Boolean

    def condition(self, value: bool, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the flag."""
        return Q(**{self.field: value})


class HasValue(Flag):
    """The field has a value, or has none."""

    def condition(self, value: bool, member: str, info: GraphQLResolveInfo) -> Q:
        """Look for null."""
        return Q(**{f"{self.field}__isnull": not value})


class Moment(FieldFilter[datetime]):
    """The field compares to this moment; the lookup is part of the field's name."""

    input_type = graphene.DateTime

    def condition(self, value: datetime, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the moment."""
        return Q(**{self.field: aware(value, member)})
