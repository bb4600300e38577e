"""Runs receivers in the background, until SIGTERM or SIGINT."""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import connection, connections

from workflow_events.cli.checks import check_database, check_tables
from workflow_events.cli.signals import stop_by_signals, stop_without
from workflow_events.delivery import engines, ledger, operating
from workflow_events.delivery.engines.base import Engine
from workflow_events.delivery.engines.listening import keep_listening
from workflow_events.delivery.running.runner import Runner, WorkerBroken
from workflow_events.delivery.tasks import woken
from workflow_events.events.registration.registry import registry

logger = logging.getLogger("workflow_events.delivery")

SETTLED: Final = 60
"""Seconds after the start before old events are deleted for the first time."""
HOUR: Final = 3_600


def work(arguments: list[str]) -> None:
    """Deliver until a signal stops it; then end the process with status 0.

    What has begun gets WORKER_GRACE seconds to end, unless a second signal ends the process at
    once. The status is 1 when too many receivers do not react to their time limits. Raises
    `ImproperlyConfigured` when the database does not answer or lacks tables.
    """
    options = _parse(arguments)
    check_database()
    check_tables()
    stop = threading.Event()
    stop_by_signals(stop)
    if options.parent:
        stop_without(options.parent, stop)
    else:
        engines.announce()
    _greet(verbose=options.verbose, by_itself=not options.parent)
    # The threads of the worker make their own.
    connections.close_all()
    _in_a_thread("pruning", _prune, stop)
    status = 0
    try:
        _deliver(engines.current(), stop)
    except Exception as error:  # whatever it is, the process must not stay
        is_mystery = not isinstance(error, WorkerBroken)
        logger.log(
            logging.ERROR, "The worker ends, to be started anew: %s", error, exc_info=is_mystery
        )
        status = 1
    logging.shutdown()
    sys.stdout.flush()
    # Without waiting for threads: what has not ended was handed back, and some never will.
    os._exit(status)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workflow-events worker", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="name the receivers")
    # The process that started it, and with which it ends.
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _greet(*, verbose: bool, by_itself: bool) -> None:
    """Say what it delivers to, and what it leaves."""
    names = sorted(registry.in_background)
    receivers = "1 receiver" if len(names) == 1 else f"{len(names)} receivers"
    does = "Delivering to" if engines.current().has_worker else "Enqueueing what is overdue for"
    lines = [f"{does} {receivers}" + (" (Ctrl-C stops)." if by_itself else ".")]
    if verbose:
        lines += [f"  {name}" for name in names]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    for name, number in ledger.unknown_receivers().items():
        logger.warning(
            "Not registered here, so that nobody gets them: %s (%d unfinished). "
            "Give a receiver that name=, or cancel them",
            name,
            number,
        )


def _deliver(engine: Engine, stop: threading.Event) -> None:
    if not engine.has_worker:
        _sweep(engine, stop)
        return
    runner = Runner()
    with woken(runner):
        listening = _in_a_thread("engine", keep_listening, engine, stop)
        runner.run(stop)
        # So that the engine learns that nobody listens; it need not.
        listening.join(timeout=1)


def _sweep(engine: Engine, stop: threading.Event) -> None:
    """Enqueue a job for the engine's own workers whenever something is overdue."""
    while not stop.wait(settings.WORKER_SWEEP_INTERVAL):
        try:
            if ledger.something_is_due(registry.in_background):
                engine.enqueue()
        except Exception:  # the database, or whatever the engine talks to
            logger.exception("Cannot look for what is overdue, or not enqueue a job for it")
        finally:
            connection.close()


def _prune(stop: threading.Event) -> None:
    """Delete about once an hour what EVENT_LOG_RETENTION does not keep."""
    pause = SETTLED
    while not stop.wait(pause):
        pause = HOUR
        try:
            operating.prune()
        except Exception:  # another hour, another attempt
            logger.exception("Cannot delete old events")
        finally:
            connection.close()


def _in_a_thread(name: str, work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
