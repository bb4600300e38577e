"""Declaring an event: a class whose annotations are its payload (contract section 2)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_origin
from uuid import UUID

from workflow_events.events.declaration.envelope import Envelope, time_of
from workflow_events.events.declaration.identifiers import tick, uuid7
from workflow_events.events.emission.frames import current, frame_of
from workflow_events.events.errors import DeclarationError
from workflow_events.events.registration.calls import Shape, source_of, wish_of

RESERVED = frozenset(
    {"sender", "event", "envelope", "robust", "event_name", "_origin", "_envelope"}
)
MAX_NAME = 255
"""Characters of an event's name that the ledger holds."""
WILDCARDS = frozenset("*?[")
"""What makes a pattern of a name, and can therefore not be in one."""
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

declared: dict[str, type[Event]] = {}
"""Every event of this process by its name."""


declaration_checks: list[Callable[[type[Event]], None]] = []
"""Called with each event before it is declared; they raise to refuse it."""


Origin = tuple[object, int, "Event | None"]
"""Who sent an occurrence, when (nanoseconds since 1970), and because of which other one."""


E = TypeVar("E", bound="Event")


class Event:
    """Base of all events. Subclass it and annotate the payload.

    Class keywords:

    * ``name``: the event's name; without it, the class name in snake case;
    * ``senders``: a function without arguments that returns the classes that may send the event;
      it is called at start-up, to check ``@on(sender=…)``;
    * ``case``: a function of payload attributes, by name, that returns the key of the case that an
      occurrence is about (a UUID, or None); receivers in the background get the events of one case
      in order;
    * ``abstract``: true for a base of other events, which is never emitted;
    * ``by_pattern``: false for an event that is emitted so often that a pattern means it only
      together with a sender;
    * ``is_probe``: true for an event that a pattern means only for receivers whose parameters it
      carries;
    * ``subscript_is_sender``: true for a generic event whose parameter is the class of its sender,
      so that ``@on(Stored[Page])`` hears those of ``Page``;
    * ``declared_at``: module, name and line, where no class statement declares it.

    A subclass has the ``senders``, ``case``, ``by_pattern`` and ``subscript_is_sender`` of its base
    unless it gives its own. Raises `DeclarationError` for a class that could not work.
    """

    event_name: str
    senders: ClassVar[Callable[[], Iterable[object]] | None] = None
    case_key: ClassVar[Callable[..., UUID | None] | None] = None
    attributes: ClassVar[frozenset[str]] = frozenset()
    defaults: ClassVar[dict[str, Any]] = {}
    copies_defaults: ClassVar[bool] = False
    abstract: ClassVar[bool] = True
    fresh_instances: ClassVar[bool] = True
    declared_at: ClassVar[tuple[str, str, int]]
    takes_payload_as_is: ClassVar[bool] = False
    by_pattern: ClassVar[bool] = True
    is_probe: ClassVar[bool] = False
    subscript_is_sender: ClassVar[bool] = False
    not_stored: ClassVar[frozenset[str]] = frozenset()
    """Attributes that are not stored for the background, as `rebuilt` makes them there."""

    __slots__ = ("__dict__", "__weakref__", "_envelope", "_origin")

    _origin: Origin
    _envelope: Envelope

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        senders: Callable[[], Iterable[object]] | None = None,
        case: Callable[..., UUID | None] | None = None,
        abstract: bool = False,
        by_pattern: bool | None = None,
        is_probe: bool = False,
        subscript_is_sender: bool | None = None,
        declared_at: tuple[str, str, int] | None = None,
        **keywords: Any,
    ) -> None:
        super().__init_subclass__(**keywords)
        _take_payload(cls)
        cls.abstract = abstract
        cls.takes_payload_as_is = (
            cls.__init__ is Event.__init__ and cls.__new__ is object.__new__ and not abstract
        )
        if by_pattern is not None:
            cls.by_pattern = by_pattern
        cls.is_probe = is_probe
        if subscript_is_sender is not None:
            cls.subscript_is_sender = subscript_is_sender
        if senders is not None:
            cls.senders = staticmethod(senders)
        if case is not None:
            cls.case_key = staticmethod(case)
        cls.declared_at = declared_at or (
            cls.__module__,
            cls.__qualname__,
            sys._getframe(1).f_lineno,
        )
        if not abstract:
            derived = _WORD_STARTS.sub("_", cls.__name__).lower()
            # Of an enumeration the text itself, as messages and the ledger show it.
            cls.event_name = derived if name is None else str.__str__(name)
            _check_name(cls)
            _check_case(cls)
            _declare(cls)

    def __init__(self, /, **payload: Any) -> None:
        """Take the payload by name; a ``TypeError`` names what is unknown."""
        if unknown := payload.keys() - type(self).attributes:
            raise TypeError(
                f"{type(self).__name__} has no attribute {_listed(unknown)}; "
                f"its attributes are {_listed(type(self).attributes)}."
            )
        cls = type(self)
        self.__dict__.update(deepcopy(cls.defaults) if cls.copies_defaults else cls.defaults)
        self.__dict__.update(payload)

    @property
    def sender(self) -> Any:
        """The object that sent this occurrence, often a class."""
        return self._origin[0]

    @property
    def envelope(self) -> Envelope:
        """Name, id, time and cause, made when first asked for, as of the emission."""
        try:
            return self._envelope
        except AttributeError:
            _, moment, cause = self._origin
            envelope = Envelope(
                name=self.event_name,
                id=uuid7(moment),
                time=time_of(moment),
                cause=None if cause is None else cause.envelope.id,
            )
            _set_envelope(self, envelope)
            return envelope

    @classmethod
    def rebuilt(cls, sender: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is `not_stored`, made of what is, for a receiver in the background."""
        return {}

    if not TYPE_CHECKING:  # a type checker that saw it would let every attribute be assigned

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in type(self).attributes and name not in vars(self):
                raise AttributeError(
                    f"{type(self).__name__} has no attribute {name!r} to assign; "
                    f"its attributes are {_listed(type(self).attributes | vars(self).keys())}."
                )
            if (frame := frame_of(self)) is not None:
                frame.note_assignment(name)
            self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise AttributeError(
            f"{type(self).__name__}.{name} cannot be deleted; assign None instead."
        )

    def __setstate__(self, state: Any) -> None:
        """Take what copying or pickling keeps of an occurrence: its payload, and what it is."""
        payload, own = state if isinstance(state, tuple) else (state, {})
        _set_payload(self, dict(payload or ()))
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        payload = ", ".join(f"{key}={value!r}" for key, value in vars(self).items())
        return f"{type(self).__name__}({payload})"


# How the core itself writes to an event, past the guard for receivers.
_new = object.__new__
_set_payload = vars(Event)["__dict__"].__set__
_set_origin = vars(Event)["_origin"].__set__
_set_envelope = vars(Event)["_envelope"].__set__


def make(event_class: type[E], payload: dict[str, Any], sender: object) -> E:
    """Make an occurrence; a ``TypeError`` names what is unknown, or missing after ``__init__``."""
    if event_class.takes_payload_as_is and payload.keys() == event_class.attributes:
        event = _new(event_class)
        _set_payload(event, payload)
    else:
        event = event_class(**payload)
        _check_complete(event)
    frame = current.get()
    _set_origin(event, (sender, tick(), None if frame is None else frame.event))
    return event


def mark_dry_run(event: Event) -> None:
    """Let the envelope of an occurrence say that everything will be undone."""
    _set_envelope(event, replace(event.envelope, dry_run=True))


def restore(
    event_class: type[Event], payload: dict[str, Any], sender: object, envelope: Envelope
) -> Event:
    """Return an occurrence as it was emitted; the class's ``__init__`` does not run again."""
    event = _new(event_class)
    _set_payload(event, payload)
    _set_origin(event, (sender, 0, None))
    _set_envelope(event, envelope)
    return event


def case_of(event: Event) -> UUID | None:
    """Return the key of the case that an occurrence is about, as its class declares; or None."""
    key_of = type(event).case_key
    if key_of is None:
        return None
    arguments, keywords = _shape_for(key_of, type(event).attributes).bind(source_of(event))
    return key_of(*arguments, **keywords)


@cache
def _shape_for(function: Callable[..., Any], carried: frozenset[str]) -> Shape:
    return wish_of(function).shape(carried)


def _check_attributes(cls: type[Event], own: list[str]) -> None:
    if refused := RESERVED.intersection(own):
        raise DeclarationError(
            f"{cls.__qualname__} declares {_listed(refused)}, which every event has already; "
            "choose another name."
        )
    # A receiver could not ask for them, as they are no parameters.
    if unfit := {n for n in own if not n.isidentifier() or iskeyword(n) or n.startswith("__")}:
        raise DeclarationError(
            f"{cls.__qualname__} declares {_listed(unfit)}, which is no name for an attribute: "
            "it must be an identifier of Python, without two underscores in front."
        )


def _take_payload(cls: type[Event]) -> None:
    """Read the payload from the annotations of a class, and its defaults from their values."""
    own = [key for key, hint in vars(cls).get("__annotations__", {}).items() if _is_payload(hint)]
    _check_attributes(cls, own)
    defaults = {key: vars(cls)[key] for key in own if key in vars(cls)}
    for key in defaults:
        delattr(cls, key)  # it could have the name of something that the class itself needs
    cls.attributes = cls.attributes.union(own)
    cls.defaults = cls.defaults | defaults
    # A list is not shared by all occurrences.
    cls.copies_defaults = not all(isinstance(v, Hashable) for v in cls.defaults.values())


def _check_name(cls: type[Event]) -> None:
    name = cls.event_name
    if not name or not name.isprintable() or any(c.isspace() or c in WILDCARDS for c in name):
        raise DeclarationError(
            f"{cls.__module__}.{cls.__qualname__}: {name!r} is no name for an event: it must be "
            "printable, without blanks and without the characters of patterns, * ? [."
        )
    if len(name) > MAX_NAME:
        raise DeclarationError(
            f"{cls.__module__}.{cls.__qualname__}: {name!r} is longer than {MAX_NAME} characters, "
            "which is what the ledger of deliveries holds; give it a shorter name."
        )


def _check_case(cls: type[Event]) -> None:
    if cls.case_key is None:
        return
    if missing := wish_of(cls.case_key).missing(cls.attributes):
        raise DeclarationError(
            f"{cls.__qualname__}: case= asks for {_listed(missing)}, which it does not carry; "
            f"its attributes are {_listed(cls.attributes)}."
        )


def _check_complete(event: Event) -> None:
    if missing := type(event).attributes - vars(event).keys():
        raise TypeError(
            f"{type(event).__name__} lacks {_listed(missing)}; "
            f"its attributes are {_listed(type(event).attributes)}."
        )


def _is_payload(hint: object) -> bool:
    if isinstance(hint, str):
        # A string annotation under postponed evaluation has its quotes inside.
        return not re.match(r"['\"]?(typing\.)?ClassVar\b", hint)
    return hint is not ClassVar and get_origin(hint) is not ClassVar


def _declare(cls: type[Event]) -> None:
    other = declared.get(cls.event_name)
    # The same class statement run again (a reloaded module) replaces the class of its first run.
    if other is not None and other.declared_at != cls.declared_at:
        module, qualname, line = other.declared_at
        raise DeclarationError(
            f"{cls.__module__}.{cls.__qualname__} declares the event {cls.event_name!r}, which "
            f"{module}.{qualname} (line {line}) has declared already; give one of them name=…"
        )
    for check in declaration_checks:
        check(cls)
    declared[cls.event_name] = cls


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"
