"""Listens to the engine as long as the process works, whatever happens to the engine."""

import logging
import threading
from typing import Final

from workflow_events.configuration import one_line
from workflow_events.delivery.engines.base import Engine

logger = logging.getLogger("workflow_events.delivery")

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second, … attempt to listen again; the last one from then on."""


def keep_listening(engine: Engine, stop: threading.Event) -> None:
    """Listen until ``stop`` is set, and begin anew when the engine does not answer.

    Never raises. That it does not answer, and that it answers again, is logged once. Meanwhile the
    worker finds what is due by looking every WORKER_SWEEP_INTERVAL seconds.
    """
    failures = 0

    def ready() -> None:
        nonlocal failures
        if failures:
            logger.info("The engine answers again")
        failures = 0

    while not stop.is_set():
        try:
            engine.listen(stop, ready)
        except Exception as error:  # whatever it is, the worker goes on without
            if not failures:
                logger.warning(
                    "The engine does not answer (%s: %s); deliveries begin by the sweep meanwhile",
                    type(error).__name__,
                    one_line(error),
                )
            failures += 1
            stop.wait(PAUSES[min(failures, len(PAUSES)) - 1])
