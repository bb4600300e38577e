"""Accounts of the admin site, by what they may do."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def accounts(db: None) -> Any:
    """Return what logs an account in that has these permissions."""
    create_permissions(apps.get_app_config("delivery"), verbosity=0)

    def account(*permissions: str) -> Client:
        user = User.objects.create_user("operator", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return account


@pytest.fixture
def operator(accounts: Any) -> Client:
    return accounts("view_delivery", "view_loggedevent", "change_delivery")


@pytest.fixture
def viewer(accounts: Any) -> Client:
    return accounts("view_delivery", "view_loggedevent")
