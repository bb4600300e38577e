"""Runs a mutation without keeping what it does, and shows what its events brought about."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from workflow_events.auth import AuthenticationError
from workflow_events.cli.checks import check_database, check_tables
from workflow_events.cli.explaining import explain, request_of, verb_of, verbs
from workflow_events.cli.explanation_text import text_of
from workflow_events.configuration import one_line
from workflow_events.events.management.output import ShowingCommand
from workflow_events.graphql.documents import InvalidDocument
from workflow_events.graphql.requests import GraphQLRequest
from workflow_events.workflow.errors import LimitExceeded


class Command(ShowingCommand):
    """``explain --mutation TEXT | --case ID --verb VERB | --work-item ID --verb VERB``."""

    help = (
        "Runs a mutation in a transaction that is rolled back, and shows which receivers ran, and "
        "why the others did not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to run, as whom, and how to show it."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--mutation", metavar="TEXT|FILE|-", help="a GraphQL document, as a client sends it"
        )
        what.add_argument("--case", metavar="ID", help="a case; with --verb")
        what.add_argument("--work-item", metavar="ID", help="a work item; with --verb")
        parser.add_argument(
            "--variables", type=_json, default={}, metavar="JSON|FILE", help="of the mutation"
        )
        parser.add_argument("--operation", metavar="NAME", help="which one, if there are several")
        parser.add_argument(
            "--verb",
            metavar="VERB",
            help=f"of a case: {', '.join(verbs('case'))}; "
            f"of a work item: {', '.join(verbs('work_item'))}",
        )
        parser.add_argument(
            "--input",
            type=_json,
            default={},
            metavar="JSON|FILE",
            help="what else the input of the verb's mutation has, such as context",
        )
        parser.add_argument("--user", metavar="NAME", help="who acts (default: nobody)")
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME",
            help="a group of the user; the first one acts; may be repeated",
        )
        parser.add_argument("--token", help="the bearer token of who acts, instead of --user")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and print it; ends the process with status 1 where the mutation failed."""
        asked = self._asked(options)
        try:
            check_database()
            check_tables()
            request = request_of(options["user"], options["group"], options["token"])
            found = explain(asked, request)
        except InvalidDocument as error:
            raise CommandError("; ".join(one.message for one in error.errors)) from None
        except (ImproperlyConfigured, AuthenticationError, LimitExceeded, ValueError) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"the database failed: {one_line(error)}") from None
        if options["json"]:
            self.show_json(found)
        else:
            wanted = self.stdout.isatty() and not options["no_color"]
            self.show(text_of(found, coloured=wanted or options["force_color"]))
        if found["errors"]:
            self.stdout.flush()
            sys.exit(1)

    def _asked(self, options: dict[str, Any]) -> GraphQLRequest:
        if options["token"] and (options["user"] or options["group"]):
            raise _wrong("--token says who acts; leave out --user and --group")
        if options["group"] and not options["user"]:
            raise _wrong("--group needs --user")
        if options["user"] == "":
            raise _wrong("--user has no name; leave it out for nobody")
        if options["mutation"] is not None:
            if options["verb"] or options["input"]:
                raise _wrong("--verb and --input belong to --case and --work-item")
            text = _text(options["mutation"])
            return GraphQLRequest(text, options["variables"], options["operation"])
        if not options["verb"]:
            raise _wrong("--verb is missing: what to do with it")
        if options["variables"] or options["operation"]:
            raise _wrong("--variables and --operation belong to --mutation")
        kind = "case" if options["case"] is not None else "work_item"
        try:
            return verb_of(kind, options[kind], options["verb"], options["input"])
        except LookupError as error:
            raise _wrong(f"--verb: {error.args[0]}") from None
        except ValueError as error:
            raise _wrong(f"--input: {error}") from None


def _wrong(message: str) -> CommandError:
    """Return the error for options that are wrong, whose exit status is 2."""
    return CommandError(message, returncode=2)


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if "{" in given:
        return given
    try:
        return Path(given).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{given!r} is neither a GraphQL document nor a file: {error}") from None


def _json(given: str) -> dict[str, Any]:
    try:
        found = json.loads(given if "{" in given else Path(given).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"neither JSON nor a file with it: {error}") from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError("must be a JSON object")
    return found
