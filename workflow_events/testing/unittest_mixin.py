"""The test kit for Django's ``TestCase`` and for unittest, without pytest."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from django.apps import apps

from workflow_events.events.registration.registry import registry
from workflow_events.testing.background_engine import engine_in_memory
from workflow_events.testing.commits import commits_of_tests
from workflow_events.testing.deliveries import Deliveries
from workflow_events.testing.emissions import Emissions, recorded_events
from workflow_events.testing.muting import mute, mute_all


class EventTestMixin(TestCase):
    """Gives a test case what the plugin gives to pytest; name it before Django's class.

    ``events`` is what a test emits. After each test, and each class, the registry is as it was;
    receivers after COMMIT run when the blocks of the test have ended; jobs stay in this process.
    """

    events: Emissions
    _deliveries: Deliveries | None

    @classmethod
    def setUpClass(cls) -> None:
        """Prepare what all tests of the class share."""
        cls.enterClassContext(registry.scoped())
        cls.enterClassContext(commits_of_tests())
        cls.enterClassContext(engine_in_memory())
        super().setUpClass()

    def setUp(self) -> None:
        """Record from here on; a ``setUp()`` of your own calls this one first."""
        super().setUp()
        self.enterContext(registry.scoped())
        self.events = self.enterContext(recorded_events())
        self._deliveries = Deliveries() if self._delivers() else None

    @property
    def deliveries(self) -> Deliveries:
        """What the test records for receivers in the background, and running it.

        Raises ``LookupError`` where workflow_events.delivery is not installed, or the test has no
        database.
        """
        if self._deliveries is None:
            raise LookupError(
                f"{type(self).__name__} has no deliveries: it needs workflow_events.delivery in "
                "INSTALLED_APPS, and Django's TestCase or TransactionTestCase for its database."
            )
        return self._deliveries

    def mute(self, *receivers: Any) -> None:
        """Mute receivers until the test has ended, as `mute` does. Raises `UnknownReceiver`."""
        self.enterContext(mute(*receivers))

    def mute_all(self, *, but: Any = ()) -> None:
        """Mute all receivers but those given until the test has ended, as `mute_all` does."""
        self.enterContext(mute_all(but=but))

    @classmethod
    def _delivers(cls) -> bool:
        databases = getattr(cls, "databases", ())  # of Django's classes: what a test may use
        allowed = databases == "__all__" or "default" in databases
        return allowed and apps.is_installed("workflow_events.delivery")
