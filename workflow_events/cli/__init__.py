"""The command ``workflow-events``: what an operator types (docs/reference/commands.md)."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from workflow_events.cli.installed import advice_on, lacks_the_service

HELP = """\
usage: workflow-events <command> [options]

  serve           answer GraphQL requests (--migrate, --load-example: do that first;
                  --worker: run a worker beside the server)
  worker          deliver events to the receivers in the background (-v: name them)
  deliveries      list what receivers in the background are to get; ID: all of one
  redeliver, cancel
                  deliver again what has ended, or give up what has not
  replay          deliver logged events to a receiver, again or for the first time
  prune           delete old events with their deliveries
  events          show which events there are, what they carry, and who sends them
                  (--json, --asyncapi, --markdown)
  receivers       show who runs when an event is emitted, in which order
  explain         run a mutation and undo it: which receivers ran, and why others did not
  new             write a receiver or an event, and a test of it, into extensions/
  load-example    create the workflow "application", unless it exists
  schema          print the GraphQL schema
  migrate, check, shell, …
                  every command of Django; "workflow-events help" lists them

Settings are environment variables: docs/reference/configuration.md.
"""

INTERRUPTED: Final = 130
"""The exit status after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; ends the process with status 1 and one message when it cannot start."""
    command, *options = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if command in ("--help", "-h"):
        sys.stdout.write(HELP)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workflow_events.settings")
    # So that `extensions` of the working directory can be imported; what PYTHONPATH names wins.
    sys.path.append(os.getcwd())
    try:
        django.setup()
        _run(command, options)
    except ImproperlyConfigured as error:
        sys.exit(f"workflow-events: {error}")
    except ModuleNotFoundError as error:
        if lacks_the_service(error):
            sys.exit(f"workflow-events: {advice_on(error)}")
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run(command: str, options: list[str]) -> None:
    # Imported here: models can only be imported after the set-up of Django.
    if command == "serve":
        from workflow_events.cli.serve import serve

        serve(options)
    elif command == "worker":
        from workflow_events.cli.worker import work

        work(options)
    elif command in ("deliveries", "redeliver", "cancel", "replay", "prune"):
        from workflow_events.cli.commands import operate

        sys.exit(operate(command, options))
    elif command == "load-example":
        from workflow_events.cli.example import load_example

        sys.stdout.write(load_example() + "\n")
    elif command == "schema":
        from workflow_events.cli.schema import print_schema

        print_schema()
    else:
        execute_from_command_line(["workflow-events", command, *options])
