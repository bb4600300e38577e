"""Calls that make an operation wait inside its transaction, found in the source of receivers."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.registrations import is_announced
from workflow_events.events.checking.scopes import Meaning, Scope, calls_in
from workflow_events.events.checking.sources import (
    UNKNOWN,
    Definition,
    Sources,
    functions_of,
    place_in,
)
from workflow_events.events.declaration import event as events
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver

_VERBS: Final = ("delete", "get", "head", "options", "patch", "post", "put", "request")
BLOCKING: Final[dict[str, frozenset[str]]] = {
    "aiohttp": frozenset({"request", *(f"ClientSession.{verb}" for verb in _VERBS)}),
    "django.core.mail": frozenset(
        {
            "send_mail",
            "send_mass_mail",
            "mail_admins",
            "mail_managers",
            "EmailMessage.send",
            "EmailMultiAlternatives.send",
        }
    ),
    "http.client": frozenset(
        f"{name}.{method}"
        for name in ("HTTPConnection", "HTTPSConnection")
        for method in ("connect", "request", "getresponse")
    ),
    "httpx": frozenset(
        {
            *_VERBS,
            "stream",
            *(
                f"{client}.{verb}"
                for client in ("Client", "AsyncClient")
                for verb in (*_VERBS, "send", "stream")
            ),
        }
    ),
    "requests": frozenset({*_VERBS, *(f"Session.{verb}" for verb in _VERBS)}),
    "smtplib": frozenset({"SMTP", "SMTP_SSL"}),
    "socket": frozenset({"create_connection"}),
    "subprocess": frozenset({"call", "check_call", "check_output", "getoutput", "run"}),
    "time": frozenset({"sleep"}),
    "urllib.request": frozenset({"urlopen", "urlretrieve"}),
    "urllib3": frozenset(
        {"request", "PoolManager.request", "PoolManager.urlopen", "RequestMethods.request"}
    ),
}
"""What waits for others, by the module that it comes from."""
QUEUING: Final = ("delay", "apply_async")
"""Methods that hand a task to a queue which knows nothing of the transaction."""
SIGNATURES: Final = ("s", "si", "signature")
"""Methods of a task that give one with its arguments, to be queued later."""
_ASIDE: Final = 'Let it run after the operation: @on(…, background=True), or delivery="commit".'
_BEFORE: Final = (
    "The transaction and its locks stay open meanwhile. Ask before the operation begins; or, where "
    "the answer decides about it, with a short timeout, and say that it is meant: end the line "
    "with # workflow_events: ignore[W002]."
)
_QUEUED: Final = (
    "A worker may begin before COMMIT, or though it never comes. Write delay_on_commit(…) or "
    "transaction.on_commit(…), or let the receiver run later: @on(…, background=True)."
)


def blocking_calls(receiver: Receiver, sources: Sources) -> Iterator[Problem]:
    """Give the calls of a receiver, and of its filters, that wait inside the transaction.

    Followed are the functions of its own module that it calls, one level deep. What is handed on,
    as to ``transaction.on_commit``, is not called here.
    """
    if receiver.phase is not Phase.TRANSACTION or not _in_transaction(receiver):
        return
    search = _Search(receiver, sources)
    for function, owner in functions_of(receiver):
        yield from search.through(function, owner)


def _in_transaction(receiver: Receiver) -> bool:
    """Tell whether its events are emitted in transactions: plain signals, of requests say, not."""
    return any(
        isinstance(wanted, ModelSignal) or not isinstance(wanted, Signal)
        for wanted in (target.wanted for target in receiver.targets)
    )


class _Search:
    def __init__(self, receiver: Receiver, sources: Sources) -> None:
        self._receiver = receiver
        self._sources = sources
        self._module = next((f.__module__ for f, _ in functions_of(receiver)), None)
        self._seen: set[tuple[object, int]] = set()

    def through(self, function: FunctionType, owner: Any, depth: int = 0) -> Iterator[Problem]:
        """Give the problems in a function, with the object that a method is bound to."""
        node = self._sources.definition(function)
        if node is None or (function, depth) in self._seen:
            return
        self._seen.add((function, depth))
        yield from self._in(node, Scope(function, node, owner), function, depth)

    def _in(
        self, node: Definition, scope: Scope, function: FunctionType, depth: int
    ) -> Iterator[Problem]:
        for call in calls_in(node):
            meant = scope.meaning(call.func)
            if meant is not None and _is_blocking(meant):
                yield self._problem(CheckId.BLOCKING_CALL, call, function, depth)
            elif _is_queuing(call, scope):
                yield self._problem(CheckId.QUEUED_BEFORE_COMMIT, call, function, depth)
            elif meant is None and isinstance(call.func, ast.Name):
                inner = scope.functions.pop(call.func.id, None)
                if inner is not None:
                    inside = Scope(function, inner, outer=scope)
                    yield from self._in(inner, inside, function, depth)
            elif meant is not None and _is_function(meant.value):
                yield from self._into(meant, function, depth)

    def _into(self, meant: Meaning, caller: FunctionType, depth: int) -> Iterator[Problem]:
        called = meant.value
        # A wrapper that calls what it wraps is no level of its own.
        below = depth if called is getattr(caller, "__wrapped__", None) else depth + 1
        if below <= 1 and called.__module__ == self._module and not meant.is_instance:
            yield from self.through(called, meant.owner, below)

    def _problem(self, id_: CheckId, call: ast.Call, function: FunctionType, depth: int) -> Problem:
        receiver = self._receiver
        by_way = f", by way of {function.__name__}" if depth else ""
        if id_ is CheckId.QUEUED_BEFORE_COMMIT:
            done = "hands a task to a queue inside the transaction"
            hint = _QUEUED
        else:
            done = "waits inside the transaction of the operation"
            hint = _BEFORE if _decides(receiver) else _ASIDE
        return Problem(
            id_,
            f"{receiver.name} {done}: {ast.unparse(call.func)}(…){by_way}.",
            hint,
            place_in(function, call),
        )


def _decides(receiver: Receiver) -> bool:
    """Tell whether a receiver must be there before the operation ends: its failure undoes it."""
    names = [event.event_name for event in events.declared.values() if receiver.means(event)]
    return receiver.raise_exception or (bool(names) and all(map(is_announced, names)))


def _is_blocking(meant: Meaning) -> bool:
    for module, names in BLOCKING.items():
        if not f"{meant.path}.".startswith(f"{module}."):
            continue
        # What is not imported yet is known by the path only that the receiver writes.
        name = meant.path[len(module) + 1 :] if meant.value is UNKNOWN else meant.name
        if name in names:
            return True
    return False


def _is_queuing(call: ast.Call, scope: Scope) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in QUEUING:
        return False
    task = call.func.value
    if (
        isinstance(task, ast.Call)
        and isinstance(task.func, ast.Attribute)
        and task.func.attr in SIGNATURES
    ):
        task = task.func.value
    meant = scope.meaning(task)
    if meant is None:
        return False
    return meant.value is UNKNOWN or _is_task(meant.value)


def _is_task(value: Any) -> bool:
    """Tell whether it is a task of a queue such as Celery, or a function that was made one."""
    if type(value).__module__.partition(".")[0] == "celery":  # one that is made when asked for
        return True
    mark = QUEUING[0] if _is_function(value) else QUEUING[1]
    return inspect.getattr_static(value, mark, UNKNOWN) is not UNKNOWN


def _is_function(value: Any) -> bool:
    return issubclass(type(value), FunctionType)
