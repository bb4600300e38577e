"""Types of one's own: how they are registered, and what happens when their encoders fail."""

from typing import Protocol, runtime_checkable

import pytest
from django.db import OperationalError

from tests.delivery.conftest import DELIVERY_ID
from tests.delivery.things import Box, SmallBox
from workflow_events.delivery import payload
from workflow_events.delivery.payload import codecs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_tables(monkeypatch):
    for name in ("_encoders", "_shapes", "_decoders", "_owners"):
        monkeypatch.setattr(codecs, name, dict(getattr(codecs, name)))


def register_box(tag="box", kind=Box, encode=lambda box: [box.content], decode=None):
    payload.register(kind, tag, encode=encode, decode=decode or (lambda parts: Box(*parts)))


def test_what_its_encoder_returns_is_encoded_itself(stored, work_item):
    register_box()
    logged = stored({"box": Box((work_item, Box(1)))})
    assert logged.content["payload"]["what"] == {
        "box": {
            "$box": [
                {
                    "$tuple": [
                        {"$row": {"model": "workflow.WorkItem", "pk": str(work_item.pk)}},
                        {"$box": [1]},
                    ]
                }
            ]
        }
    }
    back = payload.decode(logged, DELIVERY_ID).what["box"]
    assert back.content[0] == work_item
    assert back.content[1].content == 1


def test_of_several_types_the_nearest_counts(stored):
    register_box()
    assert list(stored(SmallBox(1)).content["payload"]["what"]) == ["$box"]
    register_box("small", SmallBox)
    assert list(stored(SmallBox(1)).content["payload"]["what"]) == ["$small"]
    assert list(stored(Box(1)).content["payload"]["what"]) == ["$box"]


def test_a_protocol_is_asked_last(stored):
    @runtime_checkable
    class HasContent(Protocol):
        content: object

    register_box("content", HasContent)
    assert list(stored(Box(1)).content["payload"]["what"]) == ["$content"]
    register_box()
    assert list(stored(Box(1)).content["payload"]["what"]) == ["$box"]


@pytest.mark.parametrize("tag", ["date", "row", "order", "user", "box"])
def test_a_tag_belongs_to_one_type(tag):
    register_box()
    with pytest.raises(ValueError, match=f"The tag {tag!r} is taken"):
        register_box(tag, SmallBox)


def test_a_tag_is_a_word():
    with pytest.raises(ValueError, match="The tag 'a b' is no word"):
        register_box("a b")


def test_the_same_type_may_be_registered_again(stored):
    register_box()
    register_box(decode=lambda parts: parts)
    assert payload.decode(stored(Box(1)), DELIVERY_ID).what == [1]


def test_a_type_that_we_know_may_be_stored_in_another_way(stored):
    payload.register(complex, "complex", encode=lambda z: [z.real, z.imag], decode=lambda p: p)
    payload.register(set, "sorted", encode=sorted, decode=set)
    assert stored([1j, {2, 1}]).content["payload"]["what"] == [
        {"$complex": [0.0, 1.0]},
        {"$sorted": [1, 2]},
    ]


def test_an_encoder_that_fails_is_named(stored):
    register_box(encode=lambda box: box.nothing)
    with pytest.raises(payload.NotEncodable, match=r"^noticed\.what\[0\] .* its encoder failed"):
        stored([Box(1)])


def test_an_encoder_that_returns_what_cannot_be_stored(stored):
    register_box()
    with pytest.raises(payload.NotEncodable, match=r"^noticed\.what\[0\]\[0\] .* builtins\.object"):
        stored([Box(object())])


def test_an_encoder_that_never_ends(stored):
    register_box(encode=Box)
    with pytest.raises(payload.NotEncodable, match="nested more than 100 deep"):
        stored(Box(1))


def test_a_decoder_that_fails_is_named(stored):
    register_box(decode=lambda parts: parts["no"])
    with pytest.raises(payload.Unreadable, match="The decoder of 'box' failed: TypeError"):
        payload.decode(stored(Box(1)), DELIVERY_ID)


def test_a_database_that_is_away_is_no_reason_to_give_up(stored):
    def lose(parts):
        raise OperationalError("lost")

    register_box(decode=lose)
    with pytest.raises(OperationalError, match="lost"):
        payload.decode(stored(Box(1)), DELIVERY_ID)
