"""A registry with nothing in it but the events of `invoices`."""

import importlib
import sys
from io import StringIO

import pytest
from django.core.management import call_command

from workflow_events.events.declaration import event as events
from workflow_events.events.registration.registry import registry

MODULE = "tests.events.catalogue.invoices"


@pytest.fixture
def invoices():
    with registry.scoped():
        registry.receivers.clear()
        registry.forget_plans()
        events.declared.clear()
        sys.modules.pop(MODULE, None)
        yield importlib.import_module(MODULE)
        del sys.modules[MODULE]


@pytest.fixture
def listened(invoices):
    invoices.register()
    return invoices


@pytest.fixture
def shown():
    """Run a command; returns what it has printed."""

    def shown(*arguments):
        output = StringIO()
        call_command(*arguments, stdout=output)
        return output.getvalue()

    return shown
