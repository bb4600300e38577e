"""Shows who runs when an event is emitted, in which order, and where it is defined."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from workflow_events.events.catalogue import NoSuchEvent, listening, sources_named
from workflow_events.events.catalogue.json_forms import json_of_listening
from workflow_events.events.catalogue.text import receivers_of
from workflow_events.events.management.output import ShowingCommand


class Command(ShowingCommand):
    """``receivers [EVENT] [--json]``."""

    help = "Shows who runs when an event is emitted: in order, where it is defined, how registered."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to show, and how."""
        parser.add_argument(
            "event",
            nargs="?",
            metavar="EVENT",
            help="name, pattern or class of events, or dotted path of a Django signal; "
            "without it, all that have a receiver",
        )
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, event: str | None, json: bool, **options: Any) -> None:
        """Print it; raises `CommandError` where there is no such event."""
        try:
            found = listening(None if event is None else sources_named(event))
        except NoSuchEvent as error:
            raise CommandError(str(error)) from None
        if json:
            self.show_json({"events": [json_of_listening(one) for one in found]})
            return
        if not found:
            self.stdout.write("There are no receivers; EVENT_RECEIVER_MODULES lists their modules.")
        for place, one in enumerate(found):
            self.show([""] if place else [])
            self.show(receivers_of(one, self.paint))
