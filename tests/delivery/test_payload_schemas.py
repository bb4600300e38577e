"""The schemas of `events --asyncapi` take what is stored, and nothing else."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, Literal
from uuid import UUID

import pytest
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from jsonschema import Draft7Validator

from tests.delivery.things import Color, Level, Number, Right
from tests.delivery.things import Point as Place
from workflow_events.delivery import payload
from workflow_events.delivery.payload import codecs
from workflow_events.delivery.payload.schemas import StoredSchemas
from workflow_events.events import Event
from workflow_events.events.catalogue import describe
from workflow_events.events.catalogue.asyncapi import asyncapi_of
from workflow_events.events.declaration.event import make
from workflow_events.records import PostDeleteRecord
from workflow_events.workflow.events import PostCompleteWorkItem, PostReopenCase
from workflow_events.workflow.models import Case

ID = UUID("0192a000-0000-7000-8000-000000000001")


class Matter(Event, abstract=True):
    """Base of events of one attribute, whose type the test gives."""


def check_of(event):
    """Return what validates the content of a row of this event, as the command prints it."""
    document = asyncapi_of([describe(event)], title="", version="")
    assert document == json.loads(json.dumps(document))
    [message] = document["components"]["messages"].values()
    return Draft7Validator({**message["payload"], "components": document["components"]})


def errors_in(event, **given):
    content = payload.encode(make(event, given, None)).content
    return [error.message for error in check_of(event).iter_errors(content)]


def of_type(kind):
    return type(
        "PostMatter", (Matter,), {"__annotations__": {"what": kind}, "__module__": __name__}
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (None, [None]),
        (bool, [True]),
        (int, [1, -(2**80)]),
        (float, [1.5, 1e300, float("nan"), -0.0]),
        (str, ["a", "\0", "\ud800", ""]),
        (bytes, [b"\xff"]),
        (datetime, [datetime(2026, 1, 2, tzinfo=UTC)]),
        (date, [date(2026, 1, 2)]),
        (time, [time(12, 30)]),
        (timedelta, [timedelta(days=-1, microseconds=7)]),
        (Decimal, [Decimal("1.50"), Decimal("NaN")]),
        (UUID, [ID]),
        (Path, [Path("a/b")]),
        (PurePath, [PurePath("a"), Path("b")]),
        (Color, list(Color)),
        (Level, list(Level)),
        (Number, list(Number)),
        (Right, [Right.READ, Right.READ | Right.WRITE]),
        (Place, [Place(1, 2)]),
        (list[int], [[], [1, 2]]),
        (tuple[int, ...], [(), (1, 2)]),
        (tuple[int, str], [(1, "a")]),
        (set[int], [{1}]),
        (frozenset[str], [frozenset({"a"})]),
        (Sequence[int], [[1], (1,)]),
        (Iterable[int], [[1], (1,), {1}, frozenset({1})]),
        (dict[str, int], [{}, {"b": 1, "a": 2}, {"$a": 1}, {"": 1}]),
        (dict[int, str], [{1: "a"}]),
        (dict, [{"a": 1}, {1: 1}]),
        (Mapping[str, Any], [{"a": [1]}]),
        (OrderedDict[str, int], [OrderedDict(b=1, a=2)]),
        (Counter[str], [Counter("aab")]),
        (defaultdict[str, int], [defaultdict(int, a=1)]),
        (MultiValueDict, [MultiValueDict({"a": ["1", "2"]})]),
        (int | None, [1, None]),
        (Literal["a", 1, Color.RED], ["a", 1, Color.RED]),
        (type, [Color, Case]),
        (Any, [object, 1, "a"]),
    ],
    ids=str,
)
def test_what_is_stored_of_a_type_fits_its_schema(kind, values):
    event = of_type(kind)
    for value in values:
        assert errors_in(event, what=value) == [], value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, "1"),
        (str, 1),
        (datetime, "2026-01-02"),
        (Decimal, 1.5),
        (UUID, str(ID)),
        (Color, "RED"),
        (list[int], ["a"]),
        (tuple[int, str], ("a", 1)),
        (set[int], [1]),
        (dict[str, int], {"a": "b"}),
        (dict[int, str], {"a": "b"}),
        (int | None, "1"),
        (Literal["a"], "b"),
    ],
    ids=str,
)
def test_what_is_stored_of_another_type_does_not(kind, value):
    assert errors_in(of_type(kind), what=value) != []


def test_events_of_the_workflow_fit(work_item, case, user):
    given = {"user": user, "context": {"a": 1}}
    assert errors_in(PostCompleteWorkItem, work_item=work_item, **given) == []
    items = case.work_items.all()
    assert errors_in(PostReopenCase, case=case, work_items=items, **given) == []
    assert len(errors_in(PostReopenCase, case=case, work_items=[case], **given)) == 1


def test_what_is_not_stored_is_not_in_the_schema(case):
    assert PostDeleteRecord.not_stored == {"record"}
    assert errors_in(PostDeleteRecord, record=case, values={"id": case.pk}) == []


def test_a_queryset_says_of_which_model_it_is(case):
    assert errors_in(of_type(QuerySet[Case]), what=Case.objects.all()) == []


def test_a_type_with_an_encoder_is_its_tag(monkeypatch):
    for name in ("_encoders", "_shapes", "_decoders", "_owners"):
        monkeypatch.setattr(codecs, name, dict(getattr(codecs, name)))

    @dataclass
    class Money:
        amount: Decimal

    unknown = StoredSchemas()
    assert "no encoder" in unknown.components[_key(unknown.of(Money))]["description"]
    payload.register(Money, "money", encode=vars, decode=lambda parts: Money(**parts))
    assert errors_in(of_type(Money), what=Money(Decimal(1))) == []
    assert len(errors_in(of_type(Money), what=1)) == 1


def _key(reference):
    return reference["$ref"].rpartition("/")[2]


def test_the_envelope_is_that_of_the_row(case, user):
    schema = StoredSchemas().envelope()
    given = {"case": case, "work_items": Case.objects.none(), "user": user, "context": None}
    row = payload.encode(make(PostReopenCase, given, None))
    assert schema["properties"].keys() | {"content"} == {
        field.attname for field in row._meta.concrete_fields
    }
