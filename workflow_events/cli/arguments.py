"""What the commands for deliveries are given, checked: one line says which option is wrong."""

import argparse
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from workflow_events.cli.checks import check_database, check_tables
from workflow_events.delivery import operating
from workflow_events.delivery.models import Delivery, State
from workflow_events.events.emission.restoring import source_named
from workflow_events.graphql import ids
from workflow_events.workflow.errors import InvalidInput

FILTERS: Final = ("state", "receiver", "event", "case", "older_than", "newer_than")
"""The options of `add_filters`, as their values are called."""

_SPAN: Final = re.compile(r"([0-9]+)([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Parser(argparse.ArgumentParser):
    """Reads the options of one command; ends the process with status 2 and one line."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=f"workflow-events {command}", description=description, allow_abbrev=False
        )

    def read(self, options: Sequence[str]) -> argparse.Namespace:
        """Return what is given; raises `ImproperlyConfigured` where the database cannot be used."""
        self._check_names(options)
        given = self.parse_args(options)
        check_database()
        check_tables()
        return given

    def _check_names(self, options: Sequence[str]) -> None:
        # argparse takes what follows an unknown option for an id, and complains of that.
        names = [option.partition("=")[0] for option in options]
        for name in names:
            if name[2:] and name.startswith("--") and name not in self._option_string_actions:
                self.error(f"unrecognized arguments: {name}")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, in one line that names the option."""
        self.exit(2, f"{self.prog}: {message.removeprefix('argument ')}\n")


def add_keys(parser: Parser) -> None:
    """Let a command take ids of deliveries."""
    parser.add_argument(
        "ids", metavar="ID", nargs="*", type=_delivery, help="a delivery, by its id"
    )


def add_filters(parser: Parser, states: str) -> None:
    """Let a command take filters of deliveries; ``states`` says which are meant without any."""
    parser.add_argument(
        "--state",
        action="extend",
        type=_states,
        metavar="STATE",
        help=f"{', '.join(State.values)}, or all; several with commas (default: {states})",
    )
    add_receiver(parser, action="append", help="its name, or the end of it; may be repeated")
    add_events(parser)
    parser.add_argument(
        "--older-than", type=_span, metavar="SPAN", help="stored longer ago: 90s, 15m, 2h, 30d, 4w"
    )
    parser.add_argument("--newer-than", type=_span, metavar="SPAN", help="stored since then")


def add_receiver(parser: Parser, **options: Any) -> None:
    """Let a command take the name of a receiver, or the end of one."""
    parser.add_argument("--receiver", metavar="NAME", **options)


def add_events(parser: Parser) -> None:
    """Let a command take events and cases."""
    parser.add_argument(
        "--event",
        action="append",
        type=_event,
        metavar="NAME|ID",
        help="an event's name or id; may be repeated",
    )
    parser.add_argument(
        "--case", action="append", type=_case, metavar="ID", help="a case; may be repeated"
    )


def selected(
    parser: Parser, options: argparse.Namespace, states: Sequence[str]
) -> QuerySet[Delivery]:
    """Return the deliveries that the options mean, in these states unless they say which."""
    if options.ids:
        return Delivery.objects.filter(pk__in=options.ids)
    return operating.deliveries(
        states=options.state or states,
        receivers=receivers(parser, options.receiver or ()),
        events=_events(parser, options.event or ()),
        cases=options.case or (),
        since=options.newer_than,
        until=options.older_than,
    )


def _events(parser: Parser, wanted: Sequence[UUID | str]) -> Sequence[UUID | str]:
    for name in wanted:
        if isinstance(name, UUID) or source_named(name):
            continue
        if not operating.logged_events(events=[name]).exists():
            parser.error(f"--event: {name!r} is no event, neither declared nor in the log")
    return wanted


def receivers(parser: Parser, wanted: Sequence[str]) -> list[str]:
    """Return the full names of receivers; ends the process where there is none of that name."""
    if not wanted:
        return []
    known = operating.known_receivers()
    found = []
    for name in wanted:
        meant = [name] if name in known else [k for k in known if k.endswith(f".{name}")]
        if not meant:
            there = ", ".join(known) or "none"
            parser.error(
                f"--receiver: {name!r} is no receiver in the background; there are: {there}"
            )
        found += meant
    return found


def moment(text: str) -> datetime:
    """Return the time that an option means: so long ago, or a date, or a date with a time."""
    if _SPAN.fullmatch(text):
        return _span(text)
    try:
        read = parse_datetime(text)
        if read is None and (day := parse_date(text)) is not None:
            read = datetime.combine(day, datetime.min.time())
    except ValueError:
        read = None
    if read is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write 2026-11-21, 2026-11-21T09:30, or 2h for two hours ago"
        )
    return read if timezone.is_aware(read) else timezone.make_aware(read)


def _span(text: str) -> datetime:
    parts = _SPAN.fullmatch(text)
    if parts is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no span of time; write 90s, 15m, 2h, 30d or 4w"
        )
    try:
        return timezone.now() - timedelta(**{_UNITS[parts[2]]: int(parts[1])})
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text!r} is longer ago than time goes back") from None


def _states(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in (*State.values, "all"):
            raise argparse.ArgumentTypeError(
                f"{name!r} is not one of {', '.join(State.values)}, all"
            )
    return list(State.values) if "all" in names else names


def _event(text: str) -> UUID | str:
    try:
        return UUID(text)
    except ValueError:
        return text


def _case(text: str) -> Any:
    return _key(text, ids.CASE)


def _delivery(text: str) -> Any:
    return _key(text, ids.DELIVERY)


def _key(text: str, kind: ids.Kind) -> UUID | str | int:
    """Return the key that a bare id spells, or the one that clients see."""
    try:
        return ids.parse_id(text, kind, "id")
    except InvalidInput:
        what = kind.name.lower()
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a {what}") from None


def count(text: str) -> int:
    """Return a whole number, 0 included."""
    if not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)
