"""Events of all kinds, and receivers of them, for tests of the catalogue."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

from workflow_events.events import Event, Listener, declare_event, filter_events, on

if TYPE_CHECKING:
    from somewhere.else_ import Unknown


class Level(enum.Enum):
    LOW = 1
    HIGH = "high"


@dataclass
class Line:
    text: str
    amount: Decimal
    part_of: Line | None = None


class Size(NamedTuple):
    width: int
    unit: str


class Extra(TypedDict, total=False):
    note: str


class Clerk:
    """A sender."""


class InvoiceEvent(Event, abstract=True, senders=lambda: [Clerk], case=lambda number: None):
    """Base of the events of invoices."""

    number: UUID


class PostSendInvoice(InvoiceEvent):
    """An invoice was sent.

    **Not** emitted for drafts.
    """

    amount: Decimal
    """In the currency of the house;
    never negative."""
    lines: list[Line]
    level: Level = Level.LOW
    note: str | None = None
    due: datetime | None = None
    mode: Literal["mail", "post"] = "mail"
    sizes: tuple[Size, ...] = ()
    counts: dict[str, int] = {}  # noqa: RUF012 (the payload is copied)
    extra: Extra | None = None
    unknown: Unknown | None = None
    anything: Any = None


class PreSendInvoice(InvoiceEvent, name="pre_send_invoice"):
    pass


def declare() -> None:
    """Declare one by its name."""
    declare_event("invoice::paid", doc="Somebody has paid.", amount=Decimal, part=(int, 1))


def over(limit: int) -> Any:
    """Return a filter with something to remember."""
    return filter_events(lambda amount: amount > limit)


def register() -> None:
    """Register receivers of all kinds, in an order that is not that of running."""

    @on("post_send_*", background=True, name="mail")
    def mail(number): ...

    @on(PostSendInvoice, delivery="commit", order=-5)
    def tell(number): ...

    @on(PostSendInvoice, sender=Clerk, order=2, raise_exception=True, atomic=False, dry_run=False)
    @over(100)
    @filter_events(lambda amount: amount > 0)
    def check(amount): ...

    on(PostSendInvoice)(book)

    class Archive(Listener):
        listens_for = (PostSendInvoice, PreSendInvoice)
        order = -1

        async def handle(self, number): ...


def book(number: UUID) -> None:
    """Be a receiver."""
