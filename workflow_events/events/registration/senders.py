"""Which senders a receiver wants: classes, objects, names (contract section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from workflow_events.events.errors import AmbiguousSender, RegistrationError

S = TypeVar("S")


def names_of(sender: object) -> tuple[str, str]:
    """Return the name and the dotted path of a sender; of a string, itself twice."""
    if isinstance(sender, str):
        return sender, sender
    if isinstance(sender, ModuleType):
        return sender.__name__.rpartition(".")[2], sender.__name__
    named = sender if hasattr(sender, "__qualname__") else type(sender)
    return named.__qualname__, f"{named.__module__}.{named.__qualname__}"


def is_lasting(sender: object) -> bool:
    """Tell whether there are only so many senders of this kind, so that plans can be kept.

    Classes and functions that are made inside a function are not: it may run any number of times.
    """
    if isinstance(sender, type | FunctionType):
        return "<locals>" not in sender.__qualname__
    return sender is None or isinstance(sender, ModuleType)


class SenderFilter:
    """The ``sender`` option of a receiver: one wish or a list; without any, all senders pass."""

    def __init__(self, wishes: Any) -> None:
        self.wishes: tuple[Any, ...] = (
            ()
            if wishes is None
            else tuple(wishes)
            if isinstance(wishes, list | tuple)
            else (wishes,)
        )
        if wishes is not None and not self.wishes:
            raise RegistrationError(
                "sender=[] matches no sender; leave it out to hear every sender."
            )
        self._met: dict[str, object] = {}

    def __bool__(self) -> bool:
        return bool(self.wishes)

    def accepts(self, sender: object) -> bool:
        """Tell whether a sender passes.

        Raises `AmbiguousSender` when a bare name has matched another sender before.
        """
        return not self.wishes or any(self._matches(wish, sender) for wish in self.wishes)

    def could_accept(self, senders: Iterable[object]) -> bool:
        """Tell whether one of these classes, or a subclass of one, passes (start-up check).

        Raises `AmbiguousSender` when a name stands for more than one of them.
        """
        candidates = list(dict.fromkeys(senders))
        # All of them are asked, so that an ambiguous name is found behind one that matches.
        verdicts = [self._could_match(wish, candidates) for wish in self.wishes]
        return any(verdicts)

    def __str__(self) -> str:
        return ", ".join(repr(w) if isinstance(w, str) else names_of(w)[1] for w in self.wishes)

    def _matches(self, wish: object, sender: object) -> bool:
        if isinstance(wish, str):
            return wish in names_of(sender) and self._is_only(wish, sender)
        if isinstance(wish, type) and isinstance(sender, type):
            return issubclass(sender, wish)
        return wish is sender

    def _is_only(self, wish: str, sender: object) -> bool:
        # What has no name of its own, as an instance, shares that of its class.
        named = sender if hasattr(sender, "__qualname__") else type(sender)
        met = self._met.setdefault(wish, named)
        if met is not named and met != named:
            raise _ambiguous(wish, [met, named])
        return True

    def _could_match(self, wish: object, candidates: list[object]) -> bool:
        if isinstance(wish, str):
            meant = [c for c in with_subclasses(candidates) if wish in names_of(c)]
            if len(meant) > 1:
                raise _ambiguous(wish, meant)
            return bool(meant)
        if isinstance(wish, type):
            return any(
                isinstance(c, type) and (issubclass(c, wish) or issubclass(wish, c))
                for c in candidates
            )
        return any(wish is c for c in candidates)


def with_subclasses(candidates: Iterable[S]) -> list[S]:
    """Return candidates, and after them all classes that inherit from those that are classes."""
    found: dict[Any, None] = dict.fromkeys(candidates)
    queue: list[type] = [c for c in found if isinstance(c, type)]
    while queue:
        below: list[type] = type.__subclasses__(queue.pop())
        for subclass in below:
            if subclass not in found:
                found[subclass] = None
                queue.append(subclass)
    return list(found)


def _ambiguous(wish: str, meant: list[object]) -> AmbiguousSender:
    paths = " and ".join(sorted(f"{names_of(sender)[1]}" for sender in meant))
    return AmbiguousSender(
        f"sender={wish!r} is ambiguous: it names {paths}; give the class or its dotted path."
    )
