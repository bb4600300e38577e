"""What every test with the kit gets, under pytest and under unittest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.apps import apps
from django.conf import settings
from django.test import override_settings

ENGINE: Final = "workflow_events.delivery.engines.memory.InMemoryBackend"


@contextmanager
def engine_in_memory() -> Iterator[None]:
    """Wake no workers outside of this process, where receivers run in the background at all."""
    if not (apps.ready and apps.is_installed("workflow_events.delivery")):
        yield
        return
    tasks = {**settings.TASKS, "default": {**settings.TASKS["default"], "BACKEND": ENGINE}}
    with override_settings(TASKS=tasks):
        yield
