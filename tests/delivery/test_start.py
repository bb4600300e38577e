"""Settings that would make several operations one transaction stop the start."""

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from workflow_events.delivery.start import refuse_wider_transactions

OTHER = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def databases(**options):
    return {**settings.DATABASES, "other": {**OTHER, **options}}


# Django warns that DATABASES is not meant to be overridden; here nothing is connected.
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize("name", ["ATOMIC_REQUESTS", "ATOMIC_MUTATIONS"])
def test_a_database_with_a_wider_transaction_is_refused_by_name(name):
    with (
        override_settings(DATABASES=databases(**{name: True})),
        pytest.raises(ImproperlyConfigured) as refused,
    ):
        refuse_wider_transactions()

    assert str(refused.value) == (
        f"DATABASES['other']['{name}']: would make several operations one transaction; here a "
        "root field has committed, and its receivers after commit have run, before the next one "
        "begins. Remove it: each operation is a transaction by itself"
    )


def test_graphene_with_a_wider_transaction_is_refused():
    with (
        override_settings(GRAPHENE={"ATOMIC_MUTATIONS": True}),
        pytest.raises(ImproperlyConfigured, match=r"\AGRAPHENE\['ATOMIC_MUTATIONS'\]: would make"),
    ):
        refuse_wider_transactions()


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize("value", [False, None, 0, "", "false"])
def test_what_is_switched_off_is_fine(value):
    off = databases(ATOMIC_REQUESTS=value, ATOMIC_MUTATIONS=value)
    with override_settings(DATABASES=off, GRAPHENE={"ATOMIC_MUTATIONS": value}):
        refuse_wider_transactions()
