"""Receivers written as classes: sugar for ``@on``, with its options as class attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from workflow_events.events.errors import RegistrationError
from workflow_events.events.near import near
from workflow_events.events.registration.filters import Filtered
from workflow_events.events.registration.on import on
from workflow_events.events.registration.retry import Retry
from workflow_events.events.registration.targets import Wanted

OPTIONS: Final = frozenset(inspect.signature(on).parameters) - {"targets"}
"""What ``@on`` takes besides its targets, by name."""

Targets = Wanted | Sequence[Wanted]
"""What ``@on`` takes as its first argument."""


class ReceiverClass:
    """Base of classes of which one instance is made at once, and methods are registered.

    The options of ``@on`` are class attributes, and hold for all of these methods. A condition of
    one method is a ``@filter_events`` above it. With the class keyword ``abstract=True`` nothing is
    registered: for bases, whose options and methods subclasses inherit.
    """

    sender: ClassVar[Any]
    raise_exception: ClassVar[bool]
    order: ClassVar[int]
    atomic: ClassVar[bool]
    delivery: ClassVar[Literal["transaction", "commit", "background"]]
    background: ClassVar[bool]
    name: ClassVar[str | None]
    retry: ClassVar[Retry | None]
    order_by: ClassVar[Literal["case"] | None]
    time_limit: ClassVar[float | None]
    takes_gone: ClassVar[bool]
    dry_run: ClassVar[bool]
    concurrent: ClassVar[bool]

    declares: ClassVar[frozenset[str]] = frozenset()
    """The attributes besides options that mean something, for telling a misspelt one."""

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        _check_attributes(cls)
        if not abstract:
            _register(cls)

    @classmethod
    def registrations(cls) -> Mapping[str, Targets]:
        """Return what each method listens to, by the name of the method, in order.

        A subclass says so from what its own subclass declares. Raises `RegistrationError` where
        that could not work; see `refusal`.
        """
        raise NotImplementedError

    @classmethod
    def options_of(cls, method: str) -> dict[str, Any]:
        """Return the options of ``@on`` for one of the methods: those that the class sets."""
        return {option: getattr(cls, option) for option in sorted(OPTIONS) if hasattr(cls, option)}


def refusal(cls: type, wrong: str, remedy: str, meant: str = "") -> RegistrationError:
    """Return the error for a class that cannot be registered: what is wrong, and what to do."""
    return RegistrationError(f"{cls.__module__}.{cls.__qualname__} {wrong}; {remedy}{meant}.")


def misspelt(cls: type, name: str) -> str:
    """Return a hint at an attribute of a class that may be a misspelt ``name``; or nothing."""
    public = {own for own in dir(cls) if not own.startswith("_")}
    found = near(name, public - OPTIONS - {name}, most=1, likeness=0.7)
    return f" ({found[0]} looks like it)" if found else ""


def _register(cls: type[ReceiverClass]) -> None:
    registrations = cls.registrations()
    instance = _instance(cls)
    decorators = {
        method: _decorator(cls, method, targets) for method, targets in registrations.items()
    }
    for method, register in decorators.items():
        register(_bound(cls, instance, method))


def _instance(cls: type[ReceiverClass]) -> ReceiverClass:
    required = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        raise refusal(
            cls,
            f"cannot be made without {', '.join(required)}, and its one instance is made at once",
            "let __init__ take nothing, or give defaults",
        )
    return cls()


def _decorator(
    cls: type[ReceiverClass], method: str, targets: Targets
) -> Callable[[Callable[..., Any]], Any]:
    try:
        return on(targets, **cls.options_of(method))
    except RegistrationError as error:
        raise RegistrationError(f"{cls.__module__}.{cls.__qualname__}: {error}") from error


def _bound(cls: type, instance: object, method: str) -> Callable[..., Any]:
    """Return a method with the filters above it, as ``@on`` takes it."""
    found = inspect.getattr_static(cls, method)
    if isinstance(found, classmethod | staticmethod) and isinstance(found.__func__, Filtered):
        below = found.__func__
        return Filtered(type(found)(below.function).__get__(instance, cls), below.predicates)
    bound: Callable[..., Any] = getattr(instance, method)
    return Filtered(bound, found.predicates) if isinstance(found, Filtered) else bound


def _check_attributes(cls: type[ReceiverClass]) -> None:
    """Refuse a public attribute that looks like a misspelt option, which would go unnoticed."""
    known = OPTIONS | cls.declares
    for name in _own_values(cls):
        if name not in known and (meant := near(name, known, most=1, likeness=0.75)):
            raise refusal(
                cls,
                f"sets {name}, which means nothing",
                f"is it {meant[0]}? For something of your own, choose a name that is less like it",
            )


def _own_values(cls: type[ReceiverClass]) -> Iterable[str]:
    means_something = {"declares", *cls.declares}
    for name, value in vars(cls).items():
        is_method = inspect.isroutine(value) or isinstance(value, Filtered | property)
        if not name.startswith("_") and not is_method and name not in means_something:
            yield name


class Listener(ReceiverClass, abstract=True):
    """A receiver as a class: ``listens_for`` says what to listen to, ``handle`` is called.

    ``listens_for`` is what ``@on`` takes: an event class, a name, a pattern, a signal, or a list
    of these. ``handle`` takes, by name, any of ``sender``, ``event`` and the payload; it may be
    async. The receiver is named after the class: ``module.Class.handle``. Raises
    `RegistrationError` when the class is made and could not work.
    """

    listens_for: ClassVar[Targets]
    declares = frozenset({"listens_for"})

    @classmethod
    def registrations(cls) -> Mapping[str, Targets]:
        """Return ``handle`` with what it listens to."""
        targets: Any = getattr(cls, "listens_for", ())
        if isinstance(targets, list | tuple) and not targets:
            raise refusal(
                cls, "listens for nothing", "write listens_for = […], or abstract=True for a base"
            )
        if not callable(getattr(cls, "handle", None)):
            raise refusal(
                cls, "has nothing to call", "write def handle(self, event)", misspelt(cls, "handle")
            )
        return {"handle": targets}
