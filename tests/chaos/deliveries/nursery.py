"""``python -m tests.chaos.deliveries.nursery``: a process that forks others, to be killed.

It sets Django up once, connects to nothing, and reads orders, one JSON a line. Each is carried
out by a process of its own, forked here, which costs milliseconds instead of a start's second.
What is printed, one JSON a line: the process that an order got, its answer, and how it ended.
"""

import gc
import json
import os
import selectors
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import django
from django.conf import settings as of_the_process
from django.db import connections
from django.db.migrations.loader import MigrationLoader

INTERVAL = 0.005
"""Seconds between two looks for processes that have ended."""


def main() -> None:
    """Carry out orders until standard input ends."""
    django.setup()
    from tests.chaos.deliveries.orders import ORDERS
    from workflow_events.delivery import engines

    # Imports what each worker would import for itself.
    MigrationLoader(None)
    engines.current()
    gc.freeze()  # what is shared with the forked stays shared
    answers = os.dup(sys.stdout.fileno())
    running: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        rest = b""
        while True:
            if selector.select(INTERVAL):
                received = os.read(sys.stdin.fileno(), 65536)
                if not received:
                    return
                *lines, rest = (rest + received).split(b"\n")
                for order in map(json.loads, lines):
                    process = _fork(order, ORDERS[order["do"]], answers)
                    running[process] = order["number"]
                    _say(answers, order["number"], process=process)
            for process, status in _ended(running):
                code = os.waitstatus_to_exitcode(status)
                _say(answers, running.pop(process), ended=code)


def _ended(running: dict[int, int]) -> list[tuple[int, int]]:
    looked = (os.waitpid(process, os.WNOHANG) for process in list(running))
    return [(process, status) for process, status in looked if process]


def _say(answers: int, number: int, **what: Any) -> None:
    # One write each: lines of several processes do not mix.
    os.write(answers, json.dumps({"number": number, **what}).encode() + b"\n")


def _fork(order: dict[str, Any], carry_out: Callable[..., Any], answers: int) -> int:
    process = os.fork()
    if process == 0:
        _live(order, carry_out, answers)
    return process


def _live(order: dict[str, Any], carry_out: Callable[..., Any], answers: int) -> NoReturn:
    """Be the process of an order, which never returns into the loop of its parent."""
    status = 1
    try:
        _enter(**order["scene"], number=order["number"])
        answer = carry_out(**order["arguments"])
        connections.close_all()
        _say(answers, order["number"], answer=answer)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _enter(place: str, database: str, settings: dict[str, Any], number: int) -> None:
    """Take a database, and settings, instead of those of the set-up, and a file for the output."""
    connections.settings["default"]["NAME"] = database
    for name, value in settings.items():
        setattr(of_the_process, name, value)
    os.environ["CHAOS_PLACE"] = place
    output = os.open(Path(place) / f"{number}.output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())


if __name__ == "__main__":
    main()
