"""The options of receivers in the background: what is kept of them, and what is refused."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models.signals import pre_save

from tests.events.notebook import Notebook
from tests.events.places import fail
from workflow_events.events import Event, Retry, emit, on
from workflow_events.events.declaration.event import case_of
from workflow_events.events.errors import DeclarationError, RegistrationError
from workflow_events.events.registration.phases import Background
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.usefixtures("tables", "notebook")


class Spoken(Event):
    text: str


def test_options_are_kept() -> None:
    retry = Retry(attempts=2, on=(OSError,))

    @on(Spoken, background=True, retry=retry, order_by=None, time_limit=5, takes_gone=True)
    def receiver() -> None: ...

    name = f"{__name__}.test_options_are_kept.<locals>.receiver"
    [found] = registry.in_background.items()
    assert found[0] == name
    assert found[1].background == Background(
        name=name, retry=retry, ordered=False, time_limit=5, takes_gone=True
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"background": True, "raise_exception": True}, "committed already"),
        ({"delivery": "commit", "raise_exception": True}, "committed already"),
        ({"delivery": "later"}, "'later' is none of 'transaction', 'commit', 'background'"),
        ({"background": True, "delivery": "commit"}, "contradicts"),
        ({"retry": Retry()}, "retry: for receivers with background=True only"),
        ({"delivery": "commit", "name": "x"}, "name: for receivers"),
        ({"order_by": None, "takes_gone": True}, "order_by, takes_gone: for receivers"),
        ({"background": True, "order_by": "task"}, "order_by='task'"),
        ({"background": True, "retry": 3}, "retry=3"),
        ({"background": True, "name": ""}, "name=''"),
        ({"background": True, "name": " "}, "name=' '"),
        ({"background": True, "name": "a\0b"}, r"name='a\\x00b'"),
        ({"background": True, "name": 5}, "name=5"),
        ({"background": True, "time_limit": 0}, "time_limit=0"),
        ({"background": True, "time_limit": "5"}, "time_limit='5'"),
        ({"background": True, "time_limit": float("nan")}, "time_limit=nan"),
        ({"background": True, "name": "x" * 256}, "longer than 255"),
    ],
)
def test_what_could_not_work_is_refused(options: dict[str, Any], reason: str) -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match=reason):
        on(Spoken, **options)(fail)
    assert registry.receivers == before


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(RegistrationError, match="needs a name"):
        on(Spoken, background=True)(lambda: None)


def test_a_name_is_given_once() -> None:
    on(Spoken, background=True, name="a")(fail)
    with pytest.raises(RegistrationError, match="named 'a' already"):
        on(Spoken, background=True, name="a")(fail)


class PreSay(Event):
    text: str


class PostSay(Event):
    text: str


@pytest.mark.parametrize("target", [PreSay, pre_save, "pre_say", "*_say", [PostSay, PreSay]])
def test_what_is_sent_before_is_refused(target: Any, notebook: Notebook) -> None:
    with pytest.raises(RegistrationError, match="in the background: what it announces"):
        on(target, background=True, name="a")(fail)


def test_a_later_event_that_a_pattern_means_is_refused(notebook: Notebook) -> None:
    on("*_say_more", background=True, name="a")
    on("p*_say", delivery="commit")(fail)
    on("post_*", background=True, name="b")(fail)

    class PostSayMore(Event):
        pass

    on("*_say_more", background=True, name="a")(fail)
    with pytest.raises(RegistrationError, match="in the background"):

        class PreSayMore(Event):
            pass


def test_without_a_recorder_it_is_refused() -> None:
    registry.recorder = None
    with pytest.raises(RegistrationError, match=r"add\s+workflow_events.delivery"):
        on(Spoken, background=True, name="a")(fail)


class About(Event, case=lambda key: key):
    key: UUID | None


def test_a_class_says_what_case_it_is_about() -> None:
    class Below(About):
        more: int = 0

    key = uuid4()
    assert case_of(emit(About, sender=None, key=key)) == key
    assert case_of(emit(Below, sender=None, key=key)) == key
    assert case_of(emit(About, sender=None, key=None)) is None
    assert case_of(emit(Spoken, sender=None, text="")) is None


def test_a_case_of_what_is_not_carried_is_refused() -> None:
    with pytest.raises(DeclarationError, match="case= asks for 'other'"):

        class Wrong(Event, case=lambda other: other):
            key: UUID
