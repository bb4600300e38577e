"""The settings of a deployment with several languages."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.workflow.languages import speaking


@pytest.fixture
def several() -> Iterator[None]:
    """English, which others fall back to, German and French."""
    languages = [("en", "English"), ("de", "German"), ("fr", "French")]
    with override_settings(LANGUAGE_CODE="en", LANGUAGES=languages), speaking("en"):
        yield
