"""Who wakes the workers: backends of ``django.tasks``, each with an adapter."""

import logging
from functools import cache
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from workflow_events.delivery.engines.base import Engine
from workflow_events.delivery.task_interface import ALIAS, BaseTaskBackend

logger = logging.getLogger("workflow_events.delivery")

_HERE: Final = "workflow_events.delivery.engines"
ADAPTERS: Final = {
    "django_tasks_db.backend.DatabaseBackend": f"{_HERE}.database.DatabaseEngine",
    f"{_HERE}.procrastinate.ProcrastinateBackend": (
        f"{_HERE}.procrastinate_worker.ProcrastinateEngine"
    ),
    f"{_HERE}.memory.InMemoryBackend": f"{_HERE}.memory.InMemoryEngine",
}
"""The adapter of each backend that has one, and of its subclasses; not imported before use."""
FOREIGN: Final = f"{_HERE}.foreign.ForeignEngine"
"""The adapter of all others."""


def current() -> Engine:
    """Return the adapter of the backend that EVENT_ENGINE names.

    Raises `ImproperlyConfigured` with the name of the setting where it is no backend, or cannot
    work here.
    """
    return _engine(settings.TASKS[ALIAS]["BACKEND"])


def nudge() -> None:
    """Enqueue one job that wakes a worker; called in the transaction that stored what is due.

    With a transactional engine the job is stored with it, by one statement. With another one it is
    enqueued after COMMIT: where the process dies in between, or the engine does not answer, the
    sweep of the workers finds what is due.
    """
    current().nudge()


def announce() -> None:
    """Log in one line what the engine cannot do, if there is anything."""
    if limits := current().limits():
        logger.warning("EVENT_ENGINE %s %s", settings.TASKS[ALIAS]["BACKEND"], "; ".join(limits))


@cache
def _engine(path: str) -> Engine:
    backend = _backend(path)
    names = [f"{base.__module__}.{base.__qualname__}" for base in backend.__mro__]
    adapter = next((ADAPTERS[name] for name in names if name in ADAPTERS), FOREIGN)
    # Only now: the task asks for its backend when it is imported.
    task = import_string("workflow_events.delivery.tasks.deliver_due")
    engine: Engine = import_string(adapter)(task, backend)
    engine.check()
    return engine


def _backend(path: str) -> type[BaseTaskBackend]:
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"EVENT_ENGINE: cannot import {path!r}: {error}") from error
    if not (isinstance(backend, type) and issubclass(backend, BaseTaskBackend)):
        raise ImproperlyConfigured(f"EVENT_ENGINE: {path!r} is no backend of django.tasks")
    return backend
