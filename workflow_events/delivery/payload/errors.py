"""Why a payload cannot be stored, and why a stored one cannot be delivered any more."""

from __future__ import annotations

from collections.abc import Iterable


class NotEncodable(TypeError):
    """An attribute of an event holds what cannot be stored for receivers in the background.

    Raised where the event was emitted. The message names the event, the attribute, the place in
    it, and what to do.
    """


class Undeliverable(Exception):
    """Base of the reasons why a stored event cannot be handed to a receiver: it is a dead letter.

    Trying again does not help, unless what the message names comes back.
    """


class Gone(Undeliverable):
    """Rows that the event refers to were deleted.

    ``names`` are the attributes of the event in which they stand, ``references`` say which rows.
    """

    def __init__(self, names: Iterable[str], references: Iterable[str]) -> None:
        self.names = tuple(names)
        self.references = tuple(references)
        super().__init__(
            f"{', '.join(self.names)}: {', '.join(self.references)} is gone. A receiver that is "
            "registered with takes_gone=True gets None instead."
        )


class UnknownEvent(Undeliverable):
    """No such event is declared in this process, nor does a receiver listen to such a signal."""


class UnknownVersion(Undeliverable):
    """It was stored by a newer release, in a form that this one cannot read."""


class UnknownTag(Undeliverable):
    """It holds a value of a type for which this process has no decoder."""


class UnknownModel(Undeliverable):
    """It refers to a row of a model that does not exist any more."""


class UnknownName(Undeliverable):
    """It names a class, function or module that cannot be imported any more."""


class UnknownSender(UnknownName):
    """Its sender cannot be imported any more."""


class Unreadable(Undeliverable):
    """What is stored is not what was written, or does not fit the event as it is declared now."""
