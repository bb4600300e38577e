"""What is stored, but cannot be restored any more, says why: it becomes a dead letter."""

import sys
from contextlib import suppress
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.delivery import things
from tests.delivery.conftest import DELIVERY_ID
from tests.properties.profile import PROFILE
from workflow_events.delivery import payload
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload.decoding import Decoding
from workflow_events.delivery.payload.names import resolve
from workflow_events.events import Event
from workflow_events.events.declaration.event import declared

pytestmark = pytest.mark.django_db

RUN = "tests.delivery.test_payload_undeliverable.run"


def run(*arguments):
    raise AssertionError("Restoring calls nothing.")


def stored_as(logged, what):
    logged.content["payload"]["what"] = what
    return logged


def refused(logged):
    with pytest.raises(payload.Undeliverable) as caught:
        payload.decode(logged, DELIVERY_ID)
    return type(caught.value), str(caught.value)


def test_an_event_that_is_declared_no_more(stored):
    logged = stored()
    declared.pop("noticed")
    assert refused(logged) == (payload.UnknownEvent, "There is no event noticed any more.")


def test_a_signal_that_nobody_listens_to(stored):
    logged = stored()
    logged.name = "django.db.models.signals.post_save"
    assert refused(logged)[0] is payload.UnknownEvent


@pytest.mark.parametrize("content", [{"version": 2, "payload": {}}, {"version": "1"}, {}, [], None])
def test_a_version_that_is_not_ours(stored, content):
    logged = stored()
    logged.content = content
    kind, message = refused(logged)
    assert kind is payload.UnknownVersion
    assert message.endswith("this release reads version 1.")


@pytest.mark.parametrize("path", ["tests.delivery.things.Gone", "nowhere.at.all", "os.path.x.y"])
def test_a_sender_that_cannot_be_imported_any_more(stored, path):
    logged = stored()
    logged.sender = path
    kind, message = refused(logged)
    assert kind is payload.UnknownSender
    assert message.startswith(f"The sender {path} cannot be imported any more")


def test_a_sender_is_what_it_was(stored):
    for sender in (things, things.Box, things.Box.Inner, things.do_something):
        assert payload.decode(stored(sender=sender), DELIVERY_ID).sender is sender
    assert payload.decode(stored(sender="a name"), DELIVERY_ID).sender is None


BROKEN = {
    "unknown tag": ({"$own": 1}, payload.UnknownTag, "no decoder for 'own'"),
    "unknown model": (
        {"$row": {"model": "workflow.Gone", "pk": "1"}},
        payload.UnknownModel,
        "There is no model workflow.Gone any more",
    ),
    "no label": ({"$row": {"model": "x", "pk": "1"}}, payload.UnknownModel, "no model x"),
    "unknown model class": ({"$model": "no.Model"}, payload.UnknownModel, "no.Model"),
    "unknown rows": ({"$rows": {"model": "no.Model", "pks": []}}, payload.UnknownModel, "no.Model"),
    "no key": ({"$row": {"model": "workflow.Case"}}, payload.Unreadable, "reference to a row"),
    "broken key": (
        {"$row": {"model": "workflow.Case", "pk": "x"}},
        payload.Unreadable,
        "reference to a row",
    ),
    "function gone": ({"$name": "tests.gone.f"}, payload.UnknownName, "tests.gone.f any more"),
    "a constant": ({"$name": f"{RUN[:-4]}.RUN"}, payload.UnknownName, "There is no class"),
    "no path": ({"$name": "os; x"}, payload.UnknownName, "is no dotted path"),
    "member gone": (
        {"$enum": ["tests.delivery.things.Color", "GREEN"]},
        payload.UnknownName,
        "has no member GREEN any more",
    ),
    "no enumeration": ({"$enum": [RUN, "GREEN"]}, payload.Unreadable, "is no enumeration"),
    "no flags": ({"$flag": [RUN, 1]}, payload.Unreadable, "is no enumeration of flags"),
    "no named tuple": ({"$namedtuple": [RUN, [1]]}, payload.Unreadable, "is no named tuple"),
    "other fields": (
        {"$namedtuple": ["tests.delivery.things.Point", [1]]},
        payload.Unreadable,
        "has 2 fields now, not 1",
    ),
    "two marks": ({"$a": 1, "$b": 2}, payload.Unreadable, "cannot stand together"),
    "mark and key": ({"$tuple": [], "b": 2}, payload.Unreadable, "cannot stand together"),
    "wrong order": ({"$order": ["b"]}, payload.Unreadable, "what cannot be read"),
    "no date": ({"$date": "today"}, payload.Unreadable, "what cannot be read"),
    "no pairs": ({"$dict": 1}, payload.Unreadable, "what cannot be read"),
    "no key of a dict": ({"$dict": [[[], 1]]}, payload.Unreadable, "what cannot be read"),
}


@pytest.mark.parametrize(("what", "kind", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read(what, kind, words, stored):
    found, message = refused(stored_as(stored(), [{"deep": what}]))
    assert found is kind
    assert words in message


def test_what_is_nested_too_deep_to_be_read(stored):
    what = []
    for _ in range(5_000):
        what = [what]
    assert refused(stored_as(stored(), what))[0] is payload.Unreadable


def test_a_module_that_fails_to_import(stored, monkeypatch):
    class Failing:
        def find_spec(self, name, path=None, target=None):
            if name == "tests.delivery.failing":
                raise ValueError("broken")

    monkeypatch.setattr(sys, "meta_path", [Failing(), *sys.meta_path])
    kind, message = refused(stored_as(stored(), {"$name": "tests.delivery.failing.f"}))
    assert kind is payload.UnknownName
    assert message == "Importing tests.delivery.failing.f failed: ValueError('broken')"


def test_a_name_is_looked_for_in_modules_before_their_attributes(monkeypatch):
    package, module = ModuleType("tests.shadowed"), ModuleType("tests.shadowed.things")
    package.things = things.Box
    module.things = things.Box
    monkeypatch.setitem(sys.modules, "tests.shadowed", package)
    monkeypatch.setitem(sys.modules, "tests.shadowed.things", module)
    assert resolve("tests.shadowed.things.things") is things.Box
    assert resolve("tests.shadowed.things") is module


def test_an_event_that_has_got_more_attributes_since(stored):
    logged = stored(1)
    declared.pop("noticed")

    class Noticed(Event, name="noticed"):
        what: int
        user: object
        notes: list = []  # noqa: RUF012

    event = payload.decode(logged, DELIVERY_ID)
    assert (event.what, event.notes) == (1, [])
    assert payload.decode(logged, DELIVERY_ID).notes is not event.notes
    declared.pop("noticed")

    class NoticedAgain(Event, name="noticed"):
        what: int
        why: str

    assert refused(logged) == (
        payload.Unreadable,
        "noticed has got why since, without a default.",
    )


TAGS = [
    *("row", "rows", "order", "dict", "tuple", "set", "name", "enum", "flag", "namedtuple"),
    *("date", "int", "float", "text", "decimal", "user", "defaultdict", "counter", "model"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$" + tag for tag in TAGS]) | st.text(max_size=2), inner, max_size=2
        )
    ),
    max_leaves=8,
)


@PROFILE
@given(what=JSON)
def test_whatever_is_stored_is_read_or_refused(what):
    content = {"version": 1, "payload": {"case": what}, "user": what, "context": what}
    logged = LoggedEvent(name="post_create_case", content=content)
    with suppress(payload.Undeliverable):  # and nothing else
        payload.decode(logged, DELIVERY_ID, gone_as_none=True)


def test_a_pass_without_rows_takes_all_for_gone():
    decoding = Decoding({})
    assert decoding.value([{"$row": {"model": "workflow.Task", "pk": "a"}}]) == [None]
    assert [str(reference) for reference in decoding.gone] == ["workflow.Task a"]
