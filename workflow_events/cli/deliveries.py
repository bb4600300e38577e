"""Shows what receivers in the background are to get: a list, or some with all that is known."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.utils import timezone

from workflow_events.cli import arguments
from workflow_events.cli.terminal import coloured, printable, tabbed, table
from workflow_events.delivery import ledger, operating
from workflow_events.delivery.identity import delivery_id_of
from workflow_events.delivery.models import Delivery, State
from workflow_events.events.registration.registry import registry

LIMIT: Final = 50
"""Deliveries that a list shows unless it is told how many."""
COLUMNS: Final = ("id", "state", "attempts", "due", "receiver", "event", "case", "error")


def deliveries(options: list[str]) -> int:
    """List what is pending, running or dead, or show what is named; returns the exit status."""
    parser = arguments.Parser("deliveries", __doc__)
    arguments.add_keys(parser)
    arguments.add_filters(parser, states=", ".join(operating.NEEDS_ATTENTION))
    parser.add_argument(
        "--order", choices=("newest", "due"), default="newest", help="what comes first"
    )
    parser.add_argument(
        "--limit", type=arguments.count, default=LIMIT, help=f"0: all (default: {LIMIT})"
    )
    parser.add_argument("--json", action="store_true", help="one object of JSON per line")
    named = options[:1] == ["show"]
    given = parser.read(options[named:])
    if named and not given.ids:
        parser.error("show: which delivery? give its id")
    return _show(parser, given) if given.ids else _list(parser, given)


def _list(parser: arguments.Parser, given: Namespace) -> int:
    found = arguments.selected(parser, given, operating.NEEDS_ATTENTION)
    ordered = found.order_by("-pk") if given.order == "newest" else found.order_by("due", "pk")
    shown = ordered.select_related("event").defer("traceback", "event__content")
    rows = shown[: given.limit] if given.limit else shown
    if given.json:
        _print(json.dumps(_facts(delivery)) for delivery in _each(rows))
    elif sys.stdout.isatty():
        now = timezone.now()
        cells = ([*_cells(d, _when(d, now)), _first_line(d)] for d in _each(rows))
        header = ["when" if name == "due" else name for name in COLUMNS]
        _print(_painted(table([name.upper() for name in header], cells)))
    else:
        cells = ([*_cells(d, d.due.isoformat()), _first_line(d)] for d in _each(rows))
        _print(tabbed(COLUMNS, cells))
    sys.stdout.flush()
    _summarise(found.count(), given.limit)
    return 0


def _each(rows: QuerySet[Delivery]) -> Iterator[Delivery]:
    return rows.iterator(chunk_size=1_000)


def _cells(delivery: Delivery, due: str) -> list[str]:
    numbers = [str(delivery.pk), delivery.state, str(delivery.attempts)]
    return [*numbers, due, delivery.receiver, delivery.event.name, str(delivery.event.case or "")]


def _first_line(delivery: Delivery) -> str:
    return printable(next(iter(delivery.error.strip().splitlines()), ""))


def _when(delivery: Delivery, now: datetime) -> str:
    """Return how long it has been in its state, or until it may leave it."""
    if delivery.state == State.PENDING:
        wait = (delivery.due - now).total_seconds()
        return f"in {_span(wait)}" if wait > 0 else f"due {_span(-wait)}"
    since = delivery.started_at if delivery.state == State.RUNNING else delivery.finished_at
    if since is None:
        return ""
    age = _span((now - since).total_seconds())
    return f"since {age}" if delivery.state == State.RUNNING else f"{age} ago"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _painted(lines: Iterator[str]) -> Iterator[str]:
    yield next(lines)
    for line in lines:
        state = line.split(maxsplit=2)[1]
        yield line.replace(state, coloured(state, state, sys.stdout), 1)


def _summarise(matching: int, limit: int) -> None:
    if limit and matching > limit:
        sys.stderr.write(f"Shown are {limit:,} of {matching:,}; --limit 0 shows all.\n")
    states = Delivery.objects.order_by().values_list("state").annotate(Count("pk"))
    counted = dict(states)
    there = [f"{counted[state]:,} {state}" for state in State.values if state in counted]
    sys.stderr.write(f"In all: {', '.join(there) or 'no deliveries'}.\n")
    for receiver, number in sorted(ledger.unknown_receivers().items()):
        sys.stderr.write(
            f"Not registered here, so that nobody gets them: {receiver} ({number:,} unfinished).\n"
        )


def _show(parser: arguments.Parser, given: Namespace) -> int:
    if any(getattr(given, name) for name in arguments.FILTERS):
        parser.error("give ids, or filters, not both")
    found = Delivery.objects.select_related("event").in_bulk(given.ids)
    for key in given.ids:
        if key not in found:
            sys.stderr.write(f"workflow-events deliveries: there is no delivery {key}\n")
        elif given.json:
            _print([json.dumps({**_facts(found[key]), **_details(found[key])})])
        else:
            _print(_page(found[key]))
    return 0 if all(key in found for key in given.ids) else 1


def _facts(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "state": delivery.state,
        "receiver": delivery.receiver,
        "registered": delivery.receiver in registry.in_background,
        "event": {"id": str(delivery.event_id), "name": delivery.event.name},
        "case": delivery.event.case and str(delivery.event.case),
        "stream": delivery.stream,
        "delivery_id": str(delivery_id_of(delivery.event_id, delivery.receiver)),
        "attempts": delivery.attempts,
        "due": _iso(delivery.due),
        "lease": _iso(delivery.lease),
        "worker": delivery.worker,
        "created_at": _iso(delivery.created_at),
        "started_at": _iso(delivery.started_at),
        "finished_at": _iso(delivery.finished_at),
        "error": delivery.error,
    }


def _details(delivery: Delivery) -> dict[str, Any]:
    event = delivery.event
    return {
        "traceback": delivery.traceback,
        "event": {
            "id": str(event.pk),
            "name": event.name,
            "time": _iso(event.time),
            "sender": event.sender,
            "cause": event.cause and str(event.cause),
            "case": event.case and str(event.case),
            "username": event.username,
            "content": event.content,
        },
    }


def _page(delivery: Delivery) -> Iterator[str]:
    facts, event = _facts(delivery), _details(delivery)["event"]
    state = coloured(delivery.state, delivery.state, sys.stdout)
    tries = f"{delivery.attempts} attempt{'s' * (delivery.attempts != 1)}"
    yield f"Delivery {delivery.pk}: {state}, {tries}"
    unknown = "" if facts["registered"] else " (not registered here)"
    yield from _lines({"receiver": f"{delivery.receiver}{unknown}"})
    names = ("stream", "delivery_id", "due", "lease", "worker")
    yield from _lines({name: facts[name] for name in names})
    yield from _lines({name: facts[name] for name in ("created_at", "started_at", "finished_at")})
    yield f"Event {event['id']}"
    yield from _lines({name: event[name] for name in event if name not in ("id", "content")})
    yield from _block("Content", json.dumps(event["content"], indent=2, ensure_ascii=False))
    yield from _block("Error", delivery.error)
    yield from _block("Traceback", delivery.traceback)


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if value not in (None, ""):
            yield f"  {name:<12} {printable(str(value))}"


def _block(title: str, text: str) -> Iterator[str]:
    if text:
        yield title
        yield from (f"  {printable(line)}".rstrip() for line in text.rstrip().splitlines())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
