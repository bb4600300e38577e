"""What cannot be stored is an error that says what, where, and what to do."""

import functools
import io
import sys

import pytest
from django.dispatch import Signal
from hypothesis import given
from hypothesis import strategies as st

from tests.delivery import things
from tests.properties.profile import PROFILE
from workflow_events.delivery import payload
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload.encoding import Encoding
from workflow_events.events import Event
from workflow_events.events.declaration.event import make

LOCAL_CLASS, LOCAL_MEMBER, LOCAL_PAIR = things.make_local()

REFUSED = {
    "object": (object(), "nobody knows how to store a builtins.object"),
    "file": (io.BytesIO(), "nobody knows how to store a _io.BytesIO"),
    "generator": ((n for n in ()), "nobody knows how to store a builtins.generator"),
    "exception": (ValueError(), "nobody knows how to store a builtins.ValueError"),
    "complex": (1j, "nobody knows how to store a builtins.complex"),
    "bound method": (things.Box(1).__init__, "nobody knows how to store a builtins.method"),
    "partial": (functools.partial(print), "nobody knows how to store a functools.partial"),
    "lambda": (lambda: 1, "<lambda> cannot be imported by its name"),
    "class of a function": (LOCAL_CLASS, "Local cannot be imported by its name"),
    "member of a function": (LOCAL_MEMBER, "its class .*Shade cannot be imported"),
    "named tuple of a function": (LOCAL_PAIR, "its class .*Pair cannot be imported"),
    "nameless signal": (Signal(), "no module has this signal under a name"),
    "own type": (things.Box(1), "nobody knows how to store a tests.delivery.things.Box"),
}


@pytest.mark.parametrize(("value", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_nobody_can_store(value, reason, noticed):
    with pytest.raises(payload.NotEncodable, match=reason) as caught:
        payload.encode(make(noticed, {"what": {"a": [0, (value,)]}}, None))
    message = str(caught.value)
    assert message.startswith(
        "noticed.what['a'][1][0] cannot be stored for receivers in the background: "
    )
    assert message.endswith(
        "Emit something that can be stored instead, such as its key, name or text; or register an "
        "encoder (docs/reference/payload.md)."
    )


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({object()}, "[0]"),
        ({("k",): object()}, "[('k',)]"),
        ({things.Point(1, 2): 1, object: {1: {2: object()}}}, "[<class 'object'>][1][2]"),
        (things.Point(1, object()), "[1]"),
    ],
)
def test_the_place_is_named(value, path, noticed):
    with pytest.raises(payload.NotEncodable) as caught:
        payload.encode(make(noticed, {"what": value}, None))
    assert str(caught.value).startswith(f"noticed.what{path} cannot be stored")


def test_what_init_adds_is_payload_too():
    class Collecting(Event):
        def __init__(self, **values):
            super().__init__(**values)
            vars(self)["errors"] = object()

    with pytest.raises(payload.NotEncodable, match=r"^collecting\.errors cannot be stored"):
        payload.encode(make(Collecting, {}, None))


def test_what_contains_itself(noticed):
    value = {"list": []}
    value["list"].append(value)
    with pytest.raises(payload.NotEncodable, match=r"\['list'\]\[0\] .* it contains itself"):
        payload.encode(make(noticed, {"what": value}, None))


def test_what_stands_twice_side_by_side_does_not_contain_itself(noticed):
    value = [1]
    logged = payload.encode(make(noticed, {"what": [value, value]}, None))
    assert logged.content["payload"]["what"] == [[1], [1]]


@pytest.mark.parametrize("depth", [101, 100_000])
def test_what_is_nested_too_deep(noticed, depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    with pytest.raises(payload.NotEncodable, match=r"\[0\]… .* nested more than 100 deep"):
        payload.encode(make(noticed, {"what": value}, None))


def test_what_is_too_deep_for_the_stack_that_is_left(noticed):
    value = []
    for _ in range(90):
        value = [value]
    event = make(noticed, {"what": value}, None)

    def go_down(left):
        return payload.encode(event) if not left else go_down(left - 1)

    depth = len(list(frames()))
    with pytest.raises(payload.NotEncodable, match="too deep for Python's stack"):
        go_down(sys.getrecursionlimit() - depth - 100)


def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


@pytest.mark.django_db
@pytest.mark.parametrize("sender", ["a name", 1, None, lambda: 1, things.Box(1), LOCAL_CLASS])
def test_a_sender_without_a_path_is_stored_as_none(sender, stored):
    logged = stored(sender=sender)
    assert logged.sender == ""
    assert LoggedEvent.objects.count() == 1


MEMBERS = st.recursive(
    st.none() | st.just(object()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@PROFILE
@given(value=MEMBERS)
def test_anything_is_stored_or_refused(value):
    if "object object" in repr(value):
        with pytest.raises(payload.NotEncodable, match=r"builtins\.object"):
            Encoding("event.what").value(value)
    else:
        assert Encoding("event.what").value(value) is not NotImplemented
