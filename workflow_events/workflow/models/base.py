"""What every table of the workflow has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.validators import RegexValidator
from django.db import models

MYPY = False
"""True for mypy, whose plugin knows what Django adds to a model; other type checkers do not."""

slug_validator = RegexValidator(
    r"\A[-A-Za-z0-9_]+\Z", "A slug consists of letters, digits, hyphens and underscores."
)


class Audited(models.Model):
    """When a row was created and last modified, and by whom."""

    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True, db_index=True
    )
    modified_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now=True)
    created_by_user: models.CharField[str | None, str | None] = models.CharField(
        max_length=150, null=True, blank=True
    )
    created_by_group: models.CharField[str | None, str | None] = models.CharField(
        max_length=255, null=True, blank=True, db_index=True
    )
    modified_by_user: models.CharField[str | None, str | None] = models.CharField(
        max_length=150, null=True, blank=True
    )
    modified_by_group: models.CharField[str | None, str | None] = models.CharField(
        max_length=255, null=True, blank=True
    )

    class Meta:
        abstract = True


class Closable(models.Model):
    """When a case or work item was closed, and by whom. Written by the engine only."""

    closed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    closed_by_user: models.CharField[str | None, str | None] = models.CharField(
        max_length=150, null=True, blank=True
    )
    closed_by_group: models.CharField[str | None, str | None] = models.CharField(
        max_length=255, null=True, blank=True
    )

    class Meta:
        abstract = True


class Named(models.Model):
    """A row with a name, a description, and room for the deployment's own data.

    The texts are in ``LANGUAGE_CODE``; `workflow_events.workflow.languages` knows the others.
    """

    name: models.CharField[str, str] = models.CharField(max_length=255)
    description: models.TextField[str | None, str | None] = models.TextField(null=True, blank=True)
    translations: models.JSONField[Any, Any] = models.JSONField(
        null=True, blank=True, editable=False
    )
    meta: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


class Slugged(models.Model):
    """A row whose primary key is a slug that its author chose."""

    slug: models.CharField[str, str] = models.CharField(
        max_length=127, primary_key=True, validators=[slug_validator]
    )

    class Meta:
        abstract = True
