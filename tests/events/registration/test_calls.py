"""How a receiver is called: by name (contract section 3)."""

import functools
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from workflow_events.events import Event, emit, on
from workflow_events.events.errors import RegistrationError

ODD_NAMES = [
    "function",
    "functions",
    "payload",
    "self",
    "event_class",
    "cls",
    "source",
    "name",
    "id",
    "time",
    "args",
    "kwargs",
    "loop",
    "value_0",
    "value",
    "predicate",
    "condition",
    "attributes",
    "defaults",
    "abstract",
    "senders",
    "declared_at",
    "fresh_instances",
    "takes_payload_as_is",
    "event_",
    "parameters",
    "positional",
    "keywords",
    "awaitable",
    "func",
    "print",
]


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        work_item: str
        user: str
        context: Any = None

    return Matter


def emitted(matter: type[Event]) -> Event:
    return emit(matter, sender=object, work_item="item", user="ann", context={"a": 1}, robust=False)


def test_receives_exactly_what_it_declares(matter: type[Event]) -> None:
    """A receiver gets exactly the parameters that it declares; `**kwargs` gets the rest."""
    got: list[Any] = []

    @on(matter)
    def nothing() -> None:
        got.append(())

    @on(matter)
    def one(work_item: str) -> None:
        got.append(work_item)

    @on(matter)
    def occurrence(event: Event) -> None:
        got.append(event)

    @on(matter)
    def documented(sender: Any, work_item: str, user: str, context: Any, **kwargs: Any) -> None:
        got.append((sender, work_item, user, context, kwargs))

    @on(matter)
    def rest(**kwargs: Any) -> None:
        got.append(kwargs)

    event = emitted(matter)
    payload = {"work_item": "item", "user": "ann", "context": {"a": 1}}
    assert got == [
        (),
        "item",
        event,
        (object, "item", "ann", {"a": 1}, {"event": event}),
        {"sender": object, "event": event, **payload},
    ]


def positional_only(work_item: Any, user: Any, /) -> Any:
    return work_item, user


def default_in_the_middle(work_item: Any, unknown: Any = 7, user: Any = None) -> Any:
    return work_item, unknown, user


def keyword_only(*, user: Any, unknown: Any = 7) -> Any:
    return user, unknown


def rest_by_position(*args: Any) -> Any:
    return args


def rest_of_both(work_item: Any, *args: Any, user: Any, **kwargs: Any) -> Any:
    return work_item, args, user, sorted(kwargs)


def positional_only_and_rest(work_item: Any, /, **kwargs: Any) -> Any:
    return work_item, sorted(kwargs)


def defaults_only(work_item: Any = 1, other: Any = 2) -> Any:
    return work_item, other


SIGNATURES = [
    (positional_only, ("item", "ann")),
    (default_in_the_middle, ("item", 7, "ann")),
    (keyword_only, ("ann", 7)),
    (rest_by_position, ()),
    (rest_of_both, ("item", (), "ann", ["context", "event", "sender"])),
    (positional_only_and_rest, ("item", ["context", "event", "sender", "user"])),
    (defaults_only, ("item", 2)),
    (functools.partial(default_in_the_middle, "bound"), ("bound", 7, "ann")),
    (functools.partial(default_in_the_middle, user="bound"), ("item", 7, "bound")),
    (functools.partial(keyword_only, unknown=8), ("ann", 8)),
    (
        functools.partial(rest_of_both, "bound"),
        ("bound", (), "ann", ["context", "event", "sender"]),
    ),
    (
        functools.partial(rest_of_both, user="bound"),
        ("item", (), "bound", ["context", "event", "sender"]),
    ),
    (
        functools.partial(functools.partial(rest_of_both, "bound"), user="twice"),
        ("bound", (), "twice", ["context", "event", "sender"]),
    ),
    (
        functools.partial(positional_only_and_rest, "bound"),
        ("bound", ["context", "event", "sender", "user", "work_item"]),
    ),
]


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize(
    ("function", "expected"), SIGNATURES, ids=lambda v: getattr(v, "__name__", type(v).__name__)
)
def test_every_signature(
    matter: type[Event], function: Callable[..., Any], expected: Any, filtered: bool
) -> None:
    """How it is called: by name."""
    got = []

    def keep(result: Any) -> None:
        got.append(result)

    bound = function.func if isinstance(function, functools.partial) else function
    assert callable(bound)
    recorder = Recorder(function, keep)
    if filtered:
        from workflow_events.events import filter_events

        on(matter)(filter_events(lambda: True)(recorder))
    else:
        on(matter)(recorder)
    emitted(matter)
    assert got == [expected]


class Recorder:
    """Has the signature of the function it calls."""

    def __init__(self, function: Callable[..., Any], keep: Callable[[Any], None]) -> None:
        self.function = function
        self.keep = keep

    def __new__(cls, function: Callable[..., Any], keep: Callable[[Any], None]) -> Any:
        if isinstance(function, functools.partial):
            inner = cls(function.func, keep)
            return functools.partial(inner, *function.args, **function.keywords)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            keep(function(*args, **kwargs))

        return wrapper


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("default", [False, True])
def test_odd_names_of_attributes(name: str, default: bool) -> None:
    """Annotations are the payload; a payload may have its own `name`, `id` or `time`."""
    namespace = {"__annotations__": {name: "object"}, "__module__": __name__}
    if default:
        namespace[name] = "default"
    odd = type(Event)("Odd", (Event,), namespace)
    got = []

    class Holder:
        def method(self_, **kwargs: Any) -> None:  # noqa: N805
            got.append(kwargs[name])

        def __call__(self_, **kwargs: Any) -> None:  # noqa: N805
            got.append(kwargs[name])

    namespace = {"got": got}
    exec(f"def by_name({name}): got.append({name})", namespace)
    on(odd)(namespace["by_name"])
    exec(f"def by_keyword(*, {name}): got.append({name})", namespace)
    on(odd)(namespace["by_keyword"])
    on(odd)(lambda **rest: got.append(rest[name]))
    on(odd)(Holder().method)
    on(odd)(Holder())
    event = emit(odd, sender=None, robust=False, **{name: "value"})
    assert got == ["value"] * 5
    assert getattr(event, name) == "value"
    setattr(event, name, "other")
    assert getattr(event, name) == "other"
    assert event.envelope.name == "odd"
    if default:
        assert getattr(emit(odd, sender=None, robust=False), name) == "default"


def test_callables(matter: type[Event]) -> None:
    """Bound methods, closures, partials and callable objects work and are held strongly."""
    import gc

    got: list[Any] = []

    class Notifier:
        def method(self, work_item: str, **kwargs: Any) -> None:
            got.append(("method", sorted(kwargs)))

        @classmethod
        def of_class(cls, user: str) -> None:
            got.append("classmethod")

        @staticmethod
        def static(user: str) -> None:
            got.append("static")

        def __call__(self, event: Event) -> None:
            got.append("object")

    def closure() -> Callable[..., None]:
        return lambda user: got.append("closure")

    on(matter)(Notifier().method)
    on(matter)(Notifier.of_class)
    on(matter)(Notifier.static)
    on(matter)(Notifier())
    on(matter)(closure())
    on(matter)(functools.partial(Notifier.static))
    on(matter)(functools.partial(Notifier().method, "bound"))
    gc.collect()
    emitted(matter)
    assert got == [
        ("method", ["context", "event", "sender", "user"]),
        "classmethod",
        "static",
        "object",
        "closure",
        "static",
        ("method", ["context", "event", "sender", "user"]),
    ]


def test_mock(matter: type[Event]) -> None:
    """Callable objects work."""
    mock = Mock()
    on(matter)(mock)
    event = emitted(matter)
    mock.assert_called_once_with(
        sender=object, event=event, work_item="item", user="ann", context={"a": 1}
    )


def test_wrapped(matter: type[Event]) -> None:
    """What `functools.wraps` has wrapped is called by the signature that it shows."""
    got = []

    def twice(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            function(*args, **kwargs)
            function(*args, **kwargs)

        return wrapper

    @on(matter)
    @twice
    def receiver(work_item: str, **kwargs: Any) -> None:
        got.append((work_item, sorted(kwargs)))

    emitted(matter)
    assert got == [("item", ["context", "event", "sender", "user"])] * 2


@pytest.mark.parametrize("refused", [dict.update, min, type, Event, 3, None, "name"])
def test_what_cannot_be_called_by_name(matter: type[Event], refused: Any) -> None:
    """Classes and what has no signature are refused."""
    from workflow_events.events.registration.registry import registry

    before = list(registry.receivers)
    with pytest.raises(RegistrationError):
        on(matter)(refused)
    assert registry.receivers == before


def test_one_function_for_several_events() -> None:
    """for several events it must be carried by all of them or have a default."""

    class Small(Event):
        a: int

    class Large(Event):
        b: int
        a: int

    got = []

    @on([Large, Small])
    def receiver(a: int, b: int = 0, **kwargs: Any) -> None:
        got.append((a, b, sorted(kwargs)))

    emit(Small, sender=None, a=1)
    emit(Large, sender=None, a=1, b=2)
    assert got == [(1, 0, ["event", "sender"]), (1, 2, ["event", "sender"])]
    with pytest.raises(RegistrationError, match=r"asks for b, which the event small does not"):
        on([Large, Small])(lambda b: None)
