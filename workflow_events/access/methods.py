"""Methods that say for which class they speak: marked by a decorator, collected by their class.

The decorators of the three rooms (`permission_for` and the like) are made from a `Kind`; a subclass
of `AccessClass` collects what is marked in it and in its parents, when it is defined.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ImproperlyConfigured

Marked = TypeVar("Marked", bound=Callable[..., Any])
BoundMethod = Callable[..., Any]

MARKS = "access_marks"
"""The attribute of a function that holds its marks, pairs of a kind and a class."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a decorator marks a method as: its name, an example, and what the method takes."""

    decorator: str
    example: str
    parameters: tuple[str, ...]

    def mark(self, cls: type) -> Callable[[Marked], Marked]:
        """Return the decorator for a class; the method itself is returned unchanged.

        Raises ``ImproperlyConfigured`` for what is no class, and above what is no plain function.
        """
        if not isinstance(cls, type):
            raise ImproperlyConfigured(
                f"@{self.decorator} takes a class, as in @{self.decorator}({self.example}), and "
                f"was given {_described(cls)}"
            )

        def decorate(method: Marked) -> Marked:
            if not inspect.isfunction(method):
                raise ImproperlyConfigured(
                    f"@{self.decorator}({cls.__name__}) belongs above the def of a plain method, "
                    f"and stands above {_described(method)}"
                )
            # A new tuple: what functools.wraps has copied elsewhere is left alone.
            setattr(method, MARKS, (*getattr(method, MARKS, ()), (self, cls)))
            return method

        return decorate


@dataclass(frozen=True, slots=True)
class Entry:
    """A marked method: the class that marks it, and its name there."""

    owner: type
    name: str


class AccessClass:
    """Base of permissions, visibilities and validations.

    A method found by its class counts for the subclasses of that class too, unless one is found
    for them. Methods are inherited; a subclass may say something else of the same class. One
    instance serves all threads.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ()
    """The decorators that may be used in it."""
    entries: ClassVar[dict[tuple[Kind, type], Entry]] = {}
    """What is marked in it and in its parents; made when the class is defined."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        entries: dict[tuple[Kind, type], Entry] = {}
        for ancestor in reversed(cls.__mro__):
            entries |= _entries_of(ancestor)
        allowed = {kind for ancestor in cls.__mro__ for kind in vars(ancestor).get("kinds", ())}
        for (kind, key), entry in entries.items():
            _check_method(cls, kind, key, entry, allowed)
        cls.entries = entries

    def method_for(self, kind: Kind, chain: Iterable[tuple[type, ...]]) -> BoundMethod | None:
        """Return the method for the first place of the chain that has one, or None.

        Each place holds the classes that mean the same; the most derived class that speaks of one
        of them wins.
        """
        order = type(self).__mro__.index
        for same in chain:
            found = [entry for key in same if (entry := self.entries.get((kind, key)))]
            if found:
                method: BoundMethod = getattr(self, min(found, key=lambda e: order(e.owner)).name)
                return method
        return None


def name_of(method: BoundMethod) -> str:
    """Return the dotted name of a method of an access class, for messages."""
    owner = type(getattr(method, "__self__", None))
    return f"{owner.__module__}.{owner.__qualname__}.{getattr(method, '__name__', method)}"


def result_of(value: object) -> str:
    """Return what a method gave, for messages: its type, as the value may be long, or secret."""
    return "None" if value is None else f"a {type(value).__name__}"


def _entries_of(cls: type) -> dict[tuple[Kind, type], Entry]:
    """Return what is marked in the body of one class; `ImproperlyConfigured` for a key twice."""
    entries: dict[tuple[Kind, type], Entry] = {}
    for name, kind, key in _marks_of(cls):
        if (kind, key) in entries:
            raise ImproperlyConfigured(
                f"{_full(cls)}: {entries[kind, key].name} and {name} are both marked "
                f"@{kind.decorator}({key.__name__}); leave one"
            )
        entries[kind, key] = Entry(cls, name)
    return entries


def _marks_of(cls: type) -> Iterator[tuple[str, Kind, type]]:
    for name, value in vars(cls).items():
        if inspect.isfunction(value):
            for kind, key in dict.fromkeys(getattr(value, MARKS, ())):
                yield name, kind, key


def _check_method(cls: type, kind: Kind, key: type, entry: Entry, allowed: set[Kind]) -> None:
    where = f"{_full(cls)}.{entry.name}, marked @{kind.decorator}({key.__name__}),"
    if kind not in allowed:
        raise ImproperlyConfigured(f"{where} would never be called: it belongs into another class")
    method = inspect.getattr_static(cls, entry.name)
    if not inspect.isfunction(method):
        raise ImproperlyConfigured(f"{where} is redefined as {_described(method)}, no plain method")
    remarked = getattr(method, MARKS, ())
    if remarked and (kind, key) not in remarked:
        # Called for the parent's class, it would do what was written for another.
        raise ImproperlyConfigured(
            f"{where} in {_full(entry.owner)} is redefined with other marks; give it another name"
        )
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
        raise ImproperlyConfigured(f"{where} must be a plain method, neither async nor a generator")
    try:
        inspect.signature(method).bind("self", *kind.parameters)
    except TypeError as error:
        raise ImproperlyConfigured(
            f"{where} must take (self, {', '.join(kind.parameters)}): {error}"
        ) from None


def _full(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _described(value: object) -> str:
    if inspect.isfunction(value):
        return f"the function {value.__qualname__}"
    return f"{value!r} ({type(value).__name__})"
