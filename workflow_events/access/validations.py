"""Validations: a last look at what a mutation was given, which may change it (facts 5.3).

A deployment derives a class and lists it in the setting ``VALIDATION_CLASSES``::

    class Reasons(BaseValidation):
        @validation_for(CancelCase)
        def has_a_reason(self, mutation, data, info):
            if not (data.get("context") or {}).get("reason"):
                raise ValidationError("Say why.")
            return data
"""

from collections.abc import Callable
from typing import ClassVar

from workflow_events.access.methods import AccessClass, Kind, Marked

VALIDATION = Kind("validation_for", "SaveCase", ("mutation", "data", "info"))


def validation_for(cls: type) -> Callable[[Marked], Marked]:
    """Mark a method ``(self, mutation, data, info) -> dict``: what the mutation goes on with.

    Takes a mutation class; ``Mutation`` means all of them, an abstract parent such as ``SaveTask``
    those below it. ``data`` holds the parsed members under their names in Python. To refuse, raise
    Django's ``ValidationError``. Raises ``ImproperlyConfigured`` for anything but a class.
    """
    return VALIDATION.mark(cls)


class BaseValidation(AccessClass):
    """Base of validation classes; see `validation_for`."""

    kinds: ClassVar[tuple[Kind, ...]] = (VALIDATION,)
