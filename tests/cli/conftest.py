"""What tests of commands share."""

from tests.delivery.conftest import nudges

__all__ = ["nudges"]
