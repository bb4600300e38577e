"""The commands for deliveries: which there are, and how each of them ends."""

import os
import sys
from typing import Final

from django.db import DatabaseError

from workflow_events.cli import INTERRUPTED, operations
from workflow_events.cli.deliveries import deliveries
from workflow_events.configuration import one_line

COMMANDS: Final = {
    "deliveries": deliveries,
    "redeliver": operations.redeliver,
    "cancel": operations.cancel,
    "prune": operations.prune,
    "replay": operations.replay,
}


def operate(command: str, options: list[str]) -> int:
    """Run one of `COMMANDS`; returns the exit status.

    0: done; 1: nothing to do, something named was not done, or the database failed.
    """
    try:
        status = COMMANDS[command](options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, as `head`, has seen enough; nothing must be flushed at the end any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except DatabaseError as error:
        sys.stderr.write(f"workflow-events {command}: the database failed: {one_line(error)}\n")
        return 1
    return status
