"""Shows which events there are, what they carry, and who sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from workflow_events.events.catalogue import EventEntry, NoSuchEvent, catalogue, events_named
from workflow_events.events.catalogue.asyncapi import asyncapi_of
from workflow_events.events.catalogue.json_forms import json_of_event
from workflow_events.events.catalogue.markdown import page_of
from workflow_events.events.catalogue.text import overview, section
from workflow_events.events.management.output import ShowingCommand


class Command(ShowingCommand):
    """``events [EVENT] [--json | --asyncapi | --markdown]``."""

    help = "Shows which events there are: what they carry, with types; who sends them; what for."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to show, and how."""
        parser.add_argument(
            "event",
            nargs="?",
            metavar="EVENT",
            help="name, pattern or class: shows these with all that they declare",
        )
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="for programs")
        forms.add_argument(
            "--asyncapi", action="store_true", help="an AsyncAPI 3 document with JSON Schemas"
        )
        forms.add_argument("--markdown", action="store_true", help="a page of reference")
        parser.add_argument(
            "--title", default="Events", help="of the document or page (default: Events)"
        )
        parser.add_argument(
            "--api-version", default="1.0.0", help="of the AsyncAPI document (default: 1.0.0)"
        )

    def handle(self, *args: Any, event: str | None, **options: Any) -> None:
        """Print it; raises `CommandError` where there is no such event."""
        try:
            entries = catalogue() if event is None else events_named(event)
        except NoSuchEvent as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.show_json({"events": [json_of_event(entry) for entry in entries]})
        elif options["asyncapi"]:
            self.show_json(
                asyncapi_of(entries, title=options["title"], version=options["api_version"])
            )
        elif options["markdown"]:
            self.stdout.write(page_of(entries, title=options["title"]))
        else:
            self._show_text(entries, in_full=event is not None)

    def _show_text(self, entries: Sequence[EventEntry], *, in_full: bool) -> None:
        if not entries:
            self.stdout.write("No event is declared.")
        elif not in_full:
            self.show(overview(entries, self.paint))
        else:
            for place, entry in enumerate(entries):
                self.show([""] if place else [])
                self.show(section(entry, self.paint))
