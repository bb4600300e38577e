"""What every test may rely on; the rest comes from `workflow_events.testing`."""

import pytest
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    # Otherwise Django makes permissions anew whenever it empties the tables: 25 ms per such test.
    post_migrate.disconnect(dispatch_uid=f"{create_permissions.__module__}.create_permissions")
    post_migrate.disconnect(create_contenttypes)
