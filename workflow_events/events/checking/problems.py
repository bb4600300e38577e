"""A problem of a receiver: its id, what is wrong, the remedy, and the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's name for it)

from workflow_events.events.errors import AmbiguousSender, RegistrationError
from workflow_events.events.registration.definitions import Place


class CheckId(StrEnum):
    """The problems that are looked for: E stops the start, W is a warning of ``check``."""

    MISSING_MODULE = "workflow_events.E001"
    FAILING_MODULE = "workflow_events.E002"
    UNKNOWN_EVENT = "workflow_events.E003"
    EMPTY_PATTERN = "workflow_events.E004"
    UNKNOWN_PARAMETER = "workflow_events.E005"
    IMPOSSIBLE_SENDER = "workflow_events.E006"
    SENDER_OF_ANOTHER_SYSTEM = "workflow_events.E007"
    AMBIGUOUS_SENDER = "workflow_events.E008"
    NAMELESS_IN_BACKGROUND = "workflow_events.E009"
    NAME_TAKEN_IN_BACKGROUND = "workflow_events.E010"
    TOO_LATE_IN_BACKGROUND = "workflow_events.E011"
    NOBODY_STORES = "workflow_events.E012"
    GENERATOR = "workflow_events.E013"
    UNKNOWN_FIELD = "workflow_events.E014"
    NOBODY_EMITS = "workflow_events.E015"
    EVERY_MODEL_IN_BACKGROUND = "workflow_events.E016"
    REGISTERED_TWICE = "workflow_events.W001"
    BLOCKING_CALL = "workflow_events.W002"
    QUEUED_BEFORE_COMMIT = "workflow_events.W003"
    TOO_LATE_AFTER_COMMIT = "workflow_events.W004"
    SENDER_IN_VAIN = "workflow_events.W005"
    EVENT_IN_VAIN = "workflow_events.W006"
    COMPARED_IN_VAIN = "workflow_events.W007"
    VALUE_IN_VAIN = "workflow_events.W008"

    @property
    def is_error(self) -> bool:
        """Whether the start is refused."""
        return self.rpartition(".")[2].startswith("E")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and what to do about it. Without a place, nobody knows the line."""

    id: CheckId
    message: str
    hint: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        return f"{self.message}{where} [{self.id}] Hint: {self.hint}"

    def refusal(self) -> RegistrationError:
        """Return the error for somebody who registers such a receiver after the start."""
        where = f" {self.place}" if self.place else ""
        ambiguous = self.id is CheckId.AMBIGUOUS_SENDER
        kind = AmbiguousSender if ambiguous else RegistrationError
        return kind(f"{self.message} {self.hint}{where}")

    def as_message(self) -> CheckMessage:
        """Return it as Django's check framework shows it."""
        kind = Error if self.id.is_error else Warning
        return kind(self.message, hint=self.hint, obj=self.place, id=self.id.value)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise the first problem, if there is one, as `RegistrationError`."""
    for problem in problems:
        raise problem.refusal()
