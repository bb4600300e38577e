"""Whatever can be stored comes back as it was, on both databases."""

import json
import math
from collections import Counter, OrderedDict, defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st

from tests.delivery import things
from tests.delivery.things import Color, Level, Number, Point, Right, Text
from tests.properties.profile import PROFILE
from workflow_events.delivery.payload.decoding import Decoding
from workflow_events.delivery.payload.encoding import Encoding
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db

VALUES = {
    "none": None,
    "bool": True,
    "bool in a list": [True, 1, 1.0, False, 0],
    "whole number": -7,
    "beyond 53 bits": 2**53 + 1,
    "float": 0.1,
    "float without digits": 3.0,
    "float with an exponent": 1e16,
    "tiny": 5e-324,
    "infinity": -math.inf,
    "text": "häßlich 😀 \\u0000 \\",
    "NUL": "a\0b\\\0é",
    "half a pair": "\ud83d",
    "two halves": "\ud83d\ude00",
    "bytes": b"\0\xff",
    "aware": datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=5, minutes=45))),
    "utc": datetime(2026, 1, 2, tzinfo=UTC),
    "naive": datetime(2026, 1, 2, 3, 4, 5, 678901),
    "date": date(1, 1, 1),
    "time": time(1, 2, 3, 4),
    "time with offset": time(1, 2, tzinfo=timezone(timedelta(hours=-3))),
    "timedelta": timedelta(days=-1, microseconds=1),
    "decimal": Decimal("1.10"),
    "decimal with exponent": Decimal("-0E+9"),
    "uuid": UUID(int=5),
    "path": Path("a/b"),
    "pure path": PurePosixPath("/x"),
    "tuple": (1, (2, []), ()),
    "named tuple": Point(1, 2),
    "list": [[1], [], "x"],
    "set": {1, "a", (2,)},
    "frozenset": frozenset({frozenset()}),
    "changed fields": {"name": ("old", "new"), "deadline": (None, date(2026, 1, 1))},
    "keys that are no text": {1: "a", None: "b", (1, 2): "c", 1.5: "d", False: "e"},
    "empty key": {"": 1},
    "NUL in a key": {"\0": 1},
    "our marks": {"$row": {"model": "workflow.Case", "pk": "1"}},
    "our order": {"b": 1, "$order": ["b"], "a": 2},
    "our tag alone": {"$tuple": [1]},
    "our mark": {"$": 1},
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "counted": Counter("abca"),
    "enum": Color.BLUE,
    "alias": Color.CRIMSON,
    "int enum": Number.ONE,
    "flags": Right.READ | Right.WRITE,
    "flag": Right.READ,
    "choice": Level.HIGH,
    "enum key": {Color.RED: Level.HIGH},
    "class": things.Box,
    "inner class": things.Box.Inner,
    "function": things.do_something,
    "built-in": len,
    "module": things,
    "signal": things.something_sent,
    "Django's signal": post_save,
    "model": WorkItem,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_comes_back_as_it_was(value, carried):
    back = carried(value)
    assert back == value
    assert described(back) == described(value)


def test_a_number_that_is_too_long_to_be_written_out(carried):
    assert carried(10**5000) == 10**5000


def test_not_a_number_and_minus_zero(carried):
    assert math.isnan(carried(math.nan))
    assert math.copysign(1, carried(-0.0)) == -1


def test_a_time_keeps_its_offset_without_its_zone(carried):
    back = carried(datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Zurich")))
    assert back.isoformat() == "2026-07-01T00:00:00+02:00"


def test_dicts_keep_their_order(carried):
    value = {"long key": 1, "b": {"z": 1, "é": 2, "a": 3}, "a": 2}
    back = carried(value)
    assert list(back) == ["long key", "b", "a"]
    assert list(back["b"]) == ["z", "é", "a"]


def test_enumerations_come_back_as_members(carried):
    assert carried(Color.CRIMSON) is Color.RED
    back = carried([Level.HIGH, "high"])
    assert [type(member) for member in back] == [Level, str]
    assert carried(Right.READ | Right.WRITE) == Right.READ | Right.WRITE


def test_a_dict_with_a_default_goes_on_having_it(carried):
    value = defaultdict(list, {"a": [1]})
    back = carried(value)
    assert back == value
    assert back["new"] == []


def test_a_dict_with_several_values_for_a_key(carried):
    back = carried(QueryDict("a=1&a=2&b="))
    assert isinstance(back, MultiValueDict)
    assert back.getlist("a") == ["1", "2"]
    assert back["a"] == "2"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Text("t"), "t"),
        (mark_safe("<b>"), "<b>"),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (type("Days", (list,), {})([1]), [1]),
        (type("Row", (dict,), {})(a=1), {"a": 1}),
        (type("Whole", (int,), {})(3), 3),
    ],
)
def test_of_a_subclass_the_type_that_is_known_comes_back(value, plain, carried):
    back = carried(value)
    assert back == plain
    assert type(back) is type(plain)


def test_lazy_values_are_stored_as_what_they_are_now(carried):
    with override("de"):
        assert carried(gettext_lazy("Yes")) == "Ja"
    assert carried(SimpleLazyObject(lambda: [1])) == [1]
    assert carried(SimpleLazyObject(lambda: None)) is None


@pytest.mark.parametrize("key", ["a", 1])
def test_as_deep_as_it_may_be_nested(key, carried):
    value = {key: 1}
    for _ in range(99):
        value = {key: value}
    assert carried(value) == value


def test_the_signal_of_django_names_its_home(stored):
    assert stored(post_save).content["payload"]["what"] == {
        "$name": "django.db.models.signals.post_save"
    }


def test_a_model_is_stored_by_its_label(stored):
    assert stored(Case).content["payload"]["what"] == {"$model": "workflow.Case"}


@pytest.fixture(scope="module")
def _blocked(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def connection_of_json(_blocked):
    """Take JSON through the database's own type for it."""

    def through(encoded):
        if connection.vendor != "postgresql":
            return json.loads(json.dumps(encoded))
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::jsonb::text", [json.dumps(encoded)])
            return json.loads(cursor.fetchone()[0])

    return through


TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    TEXTS,
    st.sampled_from(["$", "$row", "$order", "$tuple", "$dict"]),
    st.binary(max_size=5),
    st.datetimes(timezones=st.none() | st.just(UTC)),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.sampled_from([*Color, *Level, *Number, *Right, Point(1, 2), things.Box]),
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(TEXTS, inner, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.dictionaries(st.sampled_from(["$row", "$order", "a", "bb"]), inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
    ),
    max_leaves=20,
)


@PROFILE
@given(value=ANYTHING)
def test_whatever_is_made_of_these_comes_back(value, connection_of_json):
    encoded = connection_of_json(Encoding("event.what").value(value))
    back = Decoding({}).value(encoded)
    # Not by ==, which holds for no time that its zone skips (PEP 495).
    assert described(back) == described(value)


def described(value):
    """Return types and contents, in order; of times, as the zone is not kept, the offset."""
    if isinstance(value, dict):
        members = [[described(k), described(v)] for k, v in value.items()]
    elif isinstance(value, list | tuple):
        members = [described(member) for member in value]
    elif isinstance(value, set | frozenset):
        members = sorted(repr(described(member)) for member in value)
    elif isinstance(value, datetime | time):
        members = value.isoformat()
    else:
        members = repr(value)
    return type(value), members
