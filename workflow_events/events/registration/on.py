"""``@on``: registering a receiver (contract section 3)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from django.dispatch import Signal

from workflow_events.events.checking.registrations import check_phase
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.calls import Wish
from workflow_events.events.registration.filters import Filtered
from workflow_events.events.registration.phases import DEFAULT_TIME_LIMIT, Background, Phase
from workflow_events.events.registration.receivers import (
    Predicate,
    Receiver,
    is_async,
    name_of,
    readable_wish,
)
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.retry import Retry
from workflow_events.events.registration.senders import SenderFilter
from workflow_events.events.registration.signals import bridge, name_of_signal
from workflow_events.events.registration.targets import Target, Wanted, targets_of

F = TypeVar("F", bound=Callable[..., Any])


def on(
    targets: Wanted | Sequence[Wanted],
    *,
    sender: Any = None,
    raise_exception: bool = False,
    order: int = 0,
    atomic: bool = True,
    delivery: Literal["transaction", "commit", "background"] = "transaction",
    background: bool = False,
    name: str | None = None,
    retry: Retry | None = None,
    order_by: Literal["case"] | None = "case",
    time_limit: float | None = DEFAULT_TIME_LIMIT,
    takes_gone: bool = False,
    dry_run: bool = True,
    concurrent: bool = False,
) -> Callable[[F], F]:
    """Register the decorated callable for events; it is returned unchanged.

    Takes an event class, its name, a pattern such as ``"post_*_work_item"``, a compiled regular
    expression that must match the whole name, a Django signal, or a list of these; and

    * ``sender``: a class (subclasses too), any other object, a name or dotted path, or a list;
    * ``raise_exception``: whether a failure takes the operation down (contract section 4);
    * ``order``: lower runs first; among equals the order of registration decides;
    * ``atomic``: false to run without a savepoint, or in the background a transaction, of its own;
    * ``delivery``: when it runs: inside the ``"transaction"``; after ``"commit"``, in this process,
      failures logged; in the ``"background"``, by a worker, whatever crashes meanwhile.
      ``background=True`` is short for the last;
    * ``dry_run``: false for one that must not run where all is undone afterwards, as it does what
      no database can undo;
    * ``concurrent``: of ``async def`` receivers, whether it runs at the same time as its concurrent
      neighbours of the same order; without the database (docs/how-to/write-an-async-receiver.md).

    And for receivers in the background only:

    * ``name``: what its deliveries are known by; without it, module and qualified name. Who renames
      a function gives its old name, so that what is on its way still arrives;
    * ``retry``: a `Retry`, how often and when it is tried again after a failure;
    * ``order_by``: ``"case"`` for one event of a case after the other, None for any order;
    * ``time_limit``: seconds that it may take, None for no limit;
    * ``takes_gone``: whether it takes None for a row that is gone meanwhile; otherwise that is a
      failure for good.

    Raises `RegistrationError` where the registration could not work.
    """
    wanted = targets_of(targets)
    senders = SenderFilter(sender)
    phase = _phase(delivery, background, raise_exception)
    options = {
        "name": name,
        "retry": retry,
        "order_by": order_by,
        "time_limit": time_limit,
        "takes_gone": takes_gone,
    }
    _check_options(phase, options)
    if concurrent and phase is Phase.BACKGROUND:
        raise RegistrationError(
            "concurrent=True contradicts background=True: a worker runs async receivers side by "
            "side anyway; leave it out."
        )
    created = registry.clock()

    def decorate(function: F) -> F:
        plain: Any = function.function if isinstance(function, Filtered) else function
        if "__qualname__" in sys._getframe(1).f_locals:
            raise RegistrationError(
                f"@on at {getattr(plain, '__qualname__', plain)} stands in a class body, where "
                "there is no instance to call; register a function of the module or a bound method."
            )
        if concurrent and not is_async(plain):
            raise RegistrationError(
                f"{name_of(plain)}: concurrent=True is for async def receivers only; leave it out, "
                "or write async def."
            )
        receiver = Receiver(
            function=plain,
            wish=_wish_of_receiver(plain),
            targets=wanted,
            predicates=_predicates(function, created),
            senders=senders,
            raise_exception=raise_exception,
            atomic=atomic,
            order=order,
            sequence=registry.clock(),
            dry_run=dry_run,
            phase=phase,
            background=_background(plain, wanted, options) if phase is Phase.BACKGROUND else None,
            concurrent=concurrent,
        )
        registry.add(receiver)
        for target in wanted:
            if isinstance(target.wanted, Signal):
                bridge(target.wanted)
        return plain  # type: ignore[no-any-return]

    return decorate


NO_OPTIONS: Final = {
    "name": None,
    "retry": None,
    "order_by": "case",
    "time_limit": DEFAULT_TIME_LIMIT,
    "takes_gone": False,
}
"""What the options of receivers in the background are where they are left out."""
MAX_NAME: Final = 255
"""Characters of a receiver's name that the ledger holds."""


def _phase(delivery: str, background: bool, raise_exception: bool) -> Phase:
    if background:
        if delivery not in (Phase.TRANSACTION, Phase.BACKGROUND):
            raise RegistrationError(
                f"background=True contradicts delivery={delivery!r}; leave one of them out."
            )
        delivery = Phase.BACKGROUND
    if delivery not in tuple(Phase):
        raise RegistrationError(
            f"delivery={delivery!r} is none of {', '.join(repr(str(phase)) for phase in Phase)}."
        )
    phase = Phase(delivery)
    if raise_exception and phase is not Phase.TRANSACTION:
        raise RegistrationError(
            f"raise_exception=True contradicts delivery={str(phase)!r}: when the receiver fails, "
            "the operation has been committed already."
        )
    return phase


def _check_options(phase: Phase, options: Mapping[str, Any]) -> None:
    if phase is not Phase.BACKGROUND:
        if useless := [key for key, value in options.items() if value != NO_OPTIONS[key]]:
            raise RegistrationError(
                f"{', '.join(useless)}: for receivers with background=True only."
            )
        return
    if options["order_by"] not in ("case", None):
        raise RegistrationError(f'order_by={options["order_by"]!r}: give "case", or None.')
    name = options["name"]
    if name is not None and not (isinstance(name, str) and name.strip() and name.isprintable()):
        raise RegistrationError(
            f"{name=} cannot be the name of deliveries: give printable text, or leave it out."
        )
    if not isinstance(options["retry"], Retry | None):
        raise RegistrationError(f"retry={options['retry']!r}: give a Retry(…), or leave it out.")
    limit = options["time_limit"]
    if limit is not None and not (isinstance(limit, int | float) and limit > 0):
        raise RegistrationError(
            f"time_limit={limit!r}: give seconds above 0, or None for no limit."
        )


def _background(
    function: Any, targets: tuple[Target, ...], options: Mapping[str, Any]
) -> Background:
    name = options["name"] or name_of(function)
    if len(name) > MAX_NAME:
        raise RegistrationError(f"{name} is longer than {MAX_NAME} characters; give it a name=….")
    for wanted in (target.wanted for target in targets):
        if isinstance(wanted, Signal):
            check_phase(Phase.BACKGROUND, name_of_signal(wanted), name)
    return Background(
        name=name,
        retry=options["retry"] or Retry(),
        ordered=options["order_by"] is not None,
        time_limit=options["time_limit"],
        takes_gone=options["takes_gone"],
    )


def _predicates(function: Any, created: int) -> tuple[Predicate, ...]:
    if isinstance(function, Filtered):
        return function.predicates
    # An @on above another @on of the same function shares the filters that stand below both.
    lower = registry.registered_since(created, function)
    return lower[-1].predicates if lower else ()


def _wish_of_receiver(function: Any) -> Wish:
    if isinstance(function, type) or not callable(function):
        raise RegistrationError(f"@on registers a callable such as a function, not {function!r}.")
    return readable_wish(function)
