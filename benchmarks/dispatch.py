"""What an emission costs: by itself, per receiver, and beside a bare loop and other dispatchers."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import blinker
from django.db import transaction
from django.dispatch import Signal

from benchmarks.report import Report
from benchmarks.timing import best_of, slope_and_intercept
from workflow_events.events import Event, emit, on
from workflow_events.events.registration.registry import registry
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem
from workflow_events.workflow.users import BaseUser

FEW, MANY = 10, 100
MICROSECOND = 1e-6


class MessageSent(Event):
    """An event with a plain payload."""

    message: str
    user: str
    context: None


class WorkItemSeen(Event):
    """An event with the payload of the workflow's own."""

    work_item: WorkItem
    user: BaseUser
    context: None


class Sender:
    """Who sends."""


def receiver_of(signature: str) -> Callable[..., None]:
    """Make a new function with this signature that does nothing."""
    namespace: dict[str, Any] = {}
    exec(f"def receiver({signature}): pass", namespace)
    return namespace["receiver"]


class Candidate:
    """One way to call n receivers, timed for few and for many of them."""

    def __init__(self, call_of: Callable[[int], Callable[[], object]]) -> None:
        self.calls = [call_of(FEW), call_of(MANY)]


def measure(*candidates: Candidate) -> list[tuple[float, float]]:
    """Return for each candidate the cost of a further receiver, and the fixed cost (seconds)."""
    best = best_of([call for candidate in candidates for call in candidate.calls], 100)
    return [
        slope_and_intercept(few, many, FEW, MANY)
        for few, many in zip(best[::2], best[1::2], strict=True)
    ]


def bare(signature: str, arguments: dict[str, Any]) -> Candidate:
    """A loop that calls with the same arguments by name, written out as its author would."""

    def call_of(count: int) -> Callable[[], None]:
        handed = ", ".join(f"{name}={name}" for name in arguments)
        functions = [receiver_of(signature) for _ in range(count)]
        namespace: dict[str, Any] = {**arguments, "functions": functions}
        exec(
            f"def loop(functions=functions, {', '.join(f'{n}={n}' for n in arguments)}):\n"
            f"    for function in functions:\n        function({handed})",
            namespace,
        )
        return namespace["loop"]

    return Candidate(call_of)


def ours(signature: str, event: type[Event], payload: dict[str, Any]) -> Candidate:
    """Our own emission; each count of receivers gets a sender of its own to listen to."""

    def call_of(count: int) -> Callable[[], object]:
        sender = type("Sender", (), {})
        for _ in range(count):
            on(event, sender=sender)(receiver_of(signature))
        # Written out, as an emitter would: `**payload` would be measured too.
        written = ", ".join(f"{name}={name}" for name in payload)
        namespace = {**payload, "emit": emit, "event": event, "sender": sender}
        return eval(f"lambda: emit(event, sender=sender, {written})", namespace)

    return Candidate(call_of)


def django_signal(payload: dict[str, Any]) -> Candidate:
    """Django's own dispatcher, robust as ours is."""

    def call_of(count: int) -> Callable[[], object]:
        signal = Signal()
        for _ in range(count):
            signal.connect(receiver_of("sender, **kwargs"), weak=False)
        return lambda: signal.send_robust(Sender, **payload)

    return Candidate(call_of)


def blinker_signal(payload: dict[str, Any]) -> Candidate:
    """Blinker, which does not catch failures."""

    def call_of(count: int) -> Callable[[], object]:
        signal = blinker.Signal()
        for _ in range(count):
            signal.connect(receiver_of("sender, **kwargs"), weak=False)
        return lambda: signal.send(Sender, **payload)

    return Candidate(call_of)


def run(report: Report) -> None:
    """Measure everything of this module."""
    plain = {"message": "Hello", "user": "ada", "context": None}
    with registry.scoped():
        _no_receiver(report)
        for signature in ("message", "sender, message, user, context"):
            _per_receiver(report, signature, plain)
        _isolation(report, plain)


def _no_receiver(report: Report) -> None:
    nobody, a_signal, a_blinker = Sender, Signal(), blinker.Signal()
    emission, signal, blink = best_of(
        [
            lambda: emit(MessageSent, sender=nobody, message="Hello", user="ada", context=None),
            lambda: a_signal.send_robust(nobody, message="Hello", user="ada", context=None),
            lambda: a_blinker.send(nobody, message="Hello", user="ada", context=None),
        ],
        200,
    )
    report.section("No receiver")
    report.limit("an emission", emission / MICROSECOND, "µs", at_most=1.5)
    report.line("Signal.send_robust", signal / emission, "times an emission")
    report.line("blinker", blink / emission, "times an emission")


def _per_receiver(report: Report, signature: str, payload: dict[str, Any]) -> None:
    given = {"sender": Sender, **payload}
    wanted = {name: given[name] for name in signature.split(", ")}
    loop, emission = measure(bare(signature, wanted), ours(signature, MessageSent, payload))
    signal, blink = measure(django_signal(payload), blinker_signal(payload))
    report.section(f"Receivers of the form def f({signature}), outside a transaction")
    report.line("the bare loop, per receiver", loop[0] / MICROSECOND, "µs")
    report.limit(
        "an emission, per further receiver", emission[0] / loop[0], "times bare", at_most=1.5
    )
    report.limit("an emission, on top", emission[1] / MICROSECOND, "µs", at_most=3.0)
    report.line("Signal.send_robust, per further receiver", signal[0] / loop[0], "times bare")
    report.line("blinker, per further receiver", blink[0] / loop[0], "times bare")


def _isolation(report: Report, payload: dict[str, Any]) -> None:
    signature = "sender, work_item, user, context"
    item = _work_item()
    user = BaseUser("ada", ["clerks"])
    handed = {"sender": Sender, "work_item": item, "user": user, "context": None}
    item_payload = {"work_item": item, "user": user, "context": None}
    report.section("Isolation inside a transaction, receivers that run no SQL")
    inside: AbstractContextManager[Any] = transaction.atomic()
    for place, where in ((nullcontext(), "outside"), (inside, "inside")):
        with place:
            loop, plain, items_loop, items = measure(
                bare("message", {"message": "Hello"}),
                ours("message", MessageSent, payload),
                bare(signature, handed),
                ours(signature, WorkItemSeen, item_payload),
            )
        report.limit(
            f"{where}: plain payload, added per receiver",
            (plain[0] - loop[0]) / MICROSECOND,
            "µs",
            at_most=1.0,
        )
        report.limit(
            f"{where}: work item with case, task and workflow loaded, added per receiver",
            (items[0] - items_loop[0]) / MICROSECOND,
            "µs",
            at_most=1.0,
        )


def _work_item() -> WorkItem:
    workflow = Workflow.objects.create(slug="bench", name="Bench")
    task = Task.objects.create(slug="bench", name="Bench")
    case = Case(workflow=workflow)
    case.family = case
    case.save(force_insert=True)
    made = WorkItem.objects.create(case=case, task=task, name="Bench", addressed_groups=["clerks"])
    return WorkItem.objects.select_related("case__workflow", "task").get(pk=made.pk)
