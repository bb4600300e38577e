"""Problems with the ``sender`` of a registration: who never sends what it listens to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import ModelSignal

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.declaration import event as events
from workflow_events.events.declaration.event import Event
from workflow_events.events.errors import AmbiguousSender
from workflow_events.events.near import did_you_mean
from workflow_events.events.registration.definitions import Place
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.senders import SenderFilter, names_of

_NOUN_FIRST = re.compile(r"(?P<noun>\w+?)_(?P<when>pre|post)_(?P<verb>\w+)")
_LABEL = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*")


def sender_problems(
    receiver: Receiver, sources: Sequence[type[Event]], place: Place | None
) -> Iterator[Problem]:
    """Give the senders that never send any of the events, which are all that a receiver means."""
    yield from _no_models(receiver, place)
    yield from _contradictions(receiver, place)
    known = known_senders(sources)
    if not receiver.senders or not known or len(known) < len(sources):
        return
    try:
        verdicts = [receiver.senders.could_accept(senders) for senders in known.values()]
    except AmbiguousSender as error:
        message, _, hint = str(error).partition("; ")
        yield Problem(
            CheckId.AMBIGUOUS_SENDER, f"{receiver.name}: {message}.", hint.capitalize(), place
        )
        return
    if not any(verdicts):
        wishes = [wish for wish in receiver.senders.wishes if isinstance(wish, str)]
        instead = " ".join(filter(None, (written_here(wish, known) for wish in wishes)))
        id_ = CheckId.SENDER_OF_ANOTHER_SYSTEM if instead else CheckId.IMPOSSIBLE_SENDER
        yield Problem(
            id_,
            f"{receiver.name} listens for sender {receiver.senders}, which never sends "
            f"{', '.join(source.event_name for source in sources)}; "
            f"senders are {_listed(_possible(known.values()))}.",
            instead or _meant(wishes, known),
            place,
        )


def vain_parts(
    receiver: Receiver, sources: Sequence[type[Event]], place: Place | None
) -> Iterator[Problem]:
    """Give senders of a list, and events of a list, that never meet one of the others."""
    known = known_senders(sources)
    if not receiver.senders or not known or len(known) < len(sources):
        return
    wishes = receiver.senders.wishes
    if len(wishes) > 1:
        for wish in wishes:
            one = SenderFilter([wish])
            if not any(one.could_accept(senders) for senders in known.values()):
                instead = written_here(wish, known) if isinstance(wish, str) else ""
                yield Problem(
                    CheckId.SENDER_IN_VAIN,
                    f"{receiver.name} also listens for sender {one}, which never sends "
                    f"{', '.join(source.event_name for source in sources)}.",
                    instead or f"Leave it out; senders are {_listed(_possible(known.values()))}.",
                    place,
                )
    exact = [t for t in receiver.targets if not t.is_pattern]
    if len(receiver.targets) > 1:
        for source, senders in known.items():
            is_named = any(target.names(source) for target in exact)
            if is_named and not receiver.senders.could_accept(senders):
                yield Problem(
                    CheckId.EVENT_IN_VAIN,
                    f"{receiver.name} also listens to {source.event_name}, which {receiver.senders}"
                    " never sends.",
                    f"Leave it out, or add one of its senders: {_listed(senders)}.",
                    place,
                )


def known_senders(sources: Sequence[type[Event]]) -> dict[type[Event], list[object]]:
    """Return the senders of the events that declare who sends them."""
    return {s: list(s.senders()) for s in sources if s.senders is not None}


def _possible(known: Iterable[Iterable[object]]) -> list[object]:
    return list(dict.fromkeys(sender for senders in known for sender in senders))


def _listed(senders: Iterable[object]) -> str:
    return ", ".join(sorted({getattr(s, "__name__", str(s)) for s in senders})) or "none"


def _meant(wishes: Iterable[str], known: dict[type[Event], list[object]]) -> str:
    names = [names_of(sender)[0] for sender in _possible(known.values())]
    meant = " ".join(
        filter(None, (did_you_mean(wish.rpartition(".")[2], names) for wish in wishes))
    )
    return meant or "Name one of these senders, or leave sender= out to hear all of them."


def written_here(wish: str, known: Mapping[type[Event], list[object]]) -> str:
    """Return what to write for a sender that is named as elsewhere; or nothing.

    Django's signals take the label of a model. In Caluma a sender is the name of an event: that
    of the operation, and ``case_post_create`` for a start.
    """
    if (model := _labelled(wish)) is not None:
        return _instead_of_label(model)
    other = events.declared.get(_NOUN_FIRST.sub(r"\g<when>_\g<verb>_\g<noun>", wish))
    other = events.declared.get(wish, other)
    if other is None or other.senders is None:
        return ""
    possible = _possible(known.values())
    meant = [sender for sender in other.senders() if sender in possible] or possible
    if not meant:
        return ""
    choice = " or ".join(f"sender={name}" for name in _listed(meant).split(", "))
    return f"{wish!r} names an event; the class of a mutation is the sender here: write {choice}."


def _no_models(receiver: Receiver, place: Place | None) -> Iterator[Problem]:
    """Give texts that name no model, of receivers of Django's signals of models."""
    is_of_models = [isinstance(target.wanted, ModelSignal) for target in receiver.targets]
    if not any(is_of_models):
        return
    for wish in receiver.senders.wishes:
        model = _labelled(wish)
        # Django's own connect takes the label of a model.
        if model is not None and wish not in names_of(model):
            yield Problem(
                CheckId.SENDER_OF_ANOTHER_SYSTEM,
                f"{receiver.name} listens for sender {wish!r}, which names no class here.",
                _instead_of_label(model),
                place,
            )
        elif isinstance(wish, str) and all(is_of_models) and not _names_a_model(wish):
            names = [model.__name__ for model in apps.get_models(include_auto_created=True)]
            yield Problem(
                CheckId.IMPOSSIBLE_SENDER,
                f"{receiver.name} listens for sender {wish!r}, which names no model; the senders "
                "of these signals are models.",
                did_you_mean(wish.rpartition(".")[2], names) or "Write the model itself.",
                place,
            )


def _names_a_model(wish: str) -> bool:
    try:
        return SenderFilter(wish).could_accept([Model])
    except AmbiguousSender:  # several do; should they ever send, that is told then
        return True


def _contradictions(receiver: Receiver, place: Place | None) -> Iterator[Problem]:
    """Give targets that name a sender, as ``PostUpdateRecord[Page]``, beside another one."""
    wishes = receiver.senders.wishes
    if not all(isinstance(wish, type) for wish in wishes):
        return
    for target in receiver.targets:
        if target.sender is not None and not may_meet([target.sender], wishes):
            yield Problem(
                CheckId.IMPOSSIBLE_SENDER,
                f"{receiver.name} listens to {target}, and for sender {receiver.senders}: nothing "
                "is both.",
                "Leave sender= out; the brackets say it.",
                place,
            )


def _instead_of_label(model: type) -> str:
    return f"Write the model itself, sender={model.__name__}, or {names_of(model)[1]!r}."


def _labelled(wish: Any) -> type | None:
    if not isinstance(wish, str) or not _LABEL.fullmatch(wish):
        return None
    try:
        model: type = apps.get_model(wish)
    except LookupError:
        return None
    return model


def may_meet(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Tell whether one sender may be among both wishes; no wish is every sender."""
    return not one or not other or any(_overlap(a, b) for a in one for b in other)


def _overlap(a: Any, b: Any) -> bool:
    if isinstance(a, type) and isinstance(b, type):
        return issubclass(a, b) or issubclass(b, a)
    if isinstance(a, str) or isinstance(b, str):
        return bool({*names_of(a)} & {*names_of(b)})
    return a is b
