"""Plain Django signals as targets of ``@on`` (contract section 3)."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import sys
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_init, post_save, pre_save
from django.dispatch import Signal

from tests.events.tables import Note, Parent
from workflow_events.events import Event, ReceiverError, emit, filter_events, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.signals import name_of_signal

sold = Signal()


def test_a_signal_has_the_name_of_its_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much the module of who has imported it looks like one."""
    importing = ModuleType("a.signals")
    vars(importing).update(sold=sold, post_save=post_save)
    monkeypatch.setitem(sys.modules, importing.__name__, importing)
    assert name_of_signal(post_save) == "django.db.models.signals.post_save"
    assert name_of_signal(sold) == f"{__name__}.sold"


def test_called_by_name() -> None:
    """A receiver gets exactly the parameters that it declares."""
    got: list[Any] = []
    on(sold)(lambda: got.append("none"))
    on(sold)(lambda price: got.append(price))
    on(sold)(lambda price=1, missing=2: got.append((price, missing)))
    on(sold)(lambda sender, **rest: got.append((sender, sorted(rest))))
    on(sold)(lambda event: got.append((event.event_name, event.price)))
    sold.send(sender=object, price=7)
    assert got == [
        "none",
        7,
        (7, 2),
        (object, ["event", "price", "signal"]),
        (f"{__name__}.sold", 7),
    ]


def test_a_parameter_that_is_not_sent(errors: Any) -> None:
    """What a signal carries is known when it is sent; then it is the receiver's failure."""
    got = []
    on(sold)(lambda nope: got.append(nope))
    on(sold)(lambda price: got.append(price))
    sold.send(sender=None, price=1)
    assert got == [1]
    assert "asks for nope" in errors()[0].getMessage()


def test_odd_names() -> None:
    """A signal may carry what is reserved for events."""
    got: list[Any] = []
    on(sold)(lambda event, robust, envelope, name: got.append((event, robust, envelope, name)))
    on(sold)(lambda **rest: got.append(rest["source"]))
    sold.send(sender=None, event=1, robust=2, envelope=3, name=4, source=5)
    assert got == [(1, 2, 3, 4), 5]


def test_failures(errors: Any) -> None:
    """Failures are those of events: logged, and raised only if asked for."""
    got = []

    @on(sold)
    def fails() -> None:
        raise ValueError("a")

    @on(sold, raise_exception=True)
    def raises() -> None:
        raise ValueError("b")

    on(sold)(lambda: got.append(1))
    with pytest.raises(ReceiverError, match=r"^b$") as caught:
        sold.send(sender=None)
    assert got == [1]
    assert caught.value.event == f"{__name__}.sold"
    assert len(errors()) == 2
    answers = sold.send_robust(sender=None)
    assert isinstance(answers[0][1], ReceiverError)


def test_senders_order_filters_and_async() -> None:
    got: list[Any] = []

    @on(sold, order=1)
    @filter_events(lambda price: price > 1)
    async def last(price: int) -> None:
        got.append(price)

    on(sold, sender=int)(lambda: got.append("int"))
    on(sold, sender=str, order=2)(lambda: got.append("str"))
    sold.send(sender=int, price=1)
    sold.send(sender=str, price=2)
    sold.send(sender=bool, price=1)
    assert got == ["int", 2, "str", "int"]


def test_asend() -> None:
    got = []
    on(sold)(lambda price: got.append(price))

    async def main() -> None:
        await sold.asend(sender=None, price=3)

    async_to_sync(main)()
    assert got == [3]


def test_connected_once() -> None:
    """However many receivers, Django calls us once, and not after the scope has ended."""
    before = len(sold.receivers)
    with registry.scoped():
        for _ in range(3):
            on(sold)(lambda: None)
        on([sold, post_save])(lambda: None)
        assert len(sold.receivers) == before + 1
    assert len(sold.receivers) == before


def test_patterns_mean_no_signals() -> None:
    got = []
    on(sold)(lambda: got.append("signal"))

    class Sold(Event):
        pass

    on("*ol*")(lambda event: got.append(event.event_name))
    sold.send(sender=None)
    emit(Sold, sender=None)
    assert got == ["signal", "sold"]


def test_signal_and_event_in_one_list() -> None:
    """or a list of any of these."""

    class Sold(Event):
        price: int

    got = []
    on([sold, Sold])(lambda price: got.append(price))
    sold.send(sender=None, price=1)
    emit(Sold, sender=None, price=2)
    assert got == [1, 2]


def test_is_heard() -> None:
    """`is_heard`: our receivers and Django's, for this sender."""
    signal = Signal()
    assert not is_heard(signal, int)
    on(signal, sender=int)(lambda: None)
    assert is_heard(signal, int)
    assert is_heard(signal, bool)
    assert not is_heard(signal, str)

    def plain(**kwargs: Any) -> None: ...

    signal.connect(plain, sender=str)
    assert is_heard(signal, str)
    signal.disconnect(plain, sender=str)
    assert not is_heard(signal, str)


@pytest.mark.usefixtures("tables")
def test_model_signals(errors: Any) -> None:
    """The isolation of events holds for signals; a failing receiver of one undoes no save."""
    got: list[Any] = []

    @on(post_save, sender=Parent)
    def fails(instance: Parent) -> None:
        Note.write("failing")
        Parent.objects.update(name="failing")
        raise ValueError

    @on([pre_save, post_save, post_delete, post_init], sender=Parent)
    def records(event: Any, instance: Parent, **kwargs: Any) -> None:
        got.append((event.event_name.rpartition(".")[2], instance.slug))

    with transaction.atomic():
        Parent(slug="p").save()
    Parent.objects.get().delete()
    assert got == [
        *(("post_init", "p"), ("pre_save", "p"), ("post_save", "p")),
        *(("post_init", "p"), ("post_delete", "p")),
    ]
    assert Note.all_by() == []
    assert len(errors()) == 1


@pytest.mark.usefixtures("tables")
def test_a_veto() -> None:
    """`raise_exception=True` on a signal rolls the save back that sent it, outside too."""

    @on(post_save, sender=Parent, raise_exception=True)
    def veto() -> None:
        raise ValueError("no")

    with pytest.raises(ReceiverError), transaction.atomic():
        Parent(slug="p").save()
    assert Parent.objects.count() == 0


@pytest.mark.usefixtures("tables")
def test_m2m_changed() -> None:
    from workflow_events.workflow.models import Workflow

    on(m2m_changed, sender=Workflow.start_tasks.through)(lambda action: None)
    assert is_heard(m2m_changed, Workflow.start_tasks.through)


@pytest.mark.usefixtures("tables")
def test_nested_in_an_event() -> None:
    """A signal inside a receiver is caused by its event."""

    class Matter(Event):
        pass

    causes = []
    on(Matter)(lambda: Note.write("a") or None)
    on(post_save, sender=Note)(lambda event: causes.append(event.envelope.cause))
    event = emit(Matter, sender=None, robust=False)
    assert causes == [event.envelope.id]
