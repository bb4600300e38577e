"""What is wrong with a `changed`: fields that no model has, and values that no field holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import JSONField, Model

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.near import did_you_mean
from workflow_events.events.registration.definitions import place_of
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.senders import names_of
from workflow_events.records.filters import ANY, Changed, is_several
from workflow_events.records.senders import models_below, sending_models
from workflow_events.records.values import comes_as_it_went, loaded, written_fields


def unknown_fields(receiver: Receiver) -> Iterator[Problem]:
    """Give the fields asked for that no model that the receiver names has."""
    for condition, models, fields in _conditions(receiver):
        known = sorted({field.name for field in fields})
        for name in sorted(set(condition.fields) - set(known)):
            yield Problem(
                CheckId.UNKNOWN_FIELD,
                f"{receiver.name}: {condition} asks for {name!r}, but no UPDATE of "
                f"{', '.join(names_of(model)[1] for model in models)} writes such a field.",
                did_you_mean(name, known) or f"Fields are {', '.join(known)}.",
                place_of(receiver.function),
            )


def vain_values(receiver: Receiver) -> Iterator[Problem]:
    """Give the values asked for that none of the fields ever holds."""
    for condition, _, fields in _conditions(receiver):
        meant = [field for field in fields if field.name in condition.fields]
        for wanted in (condition.from_, condition.to):
            for value in _values(wanted, meant):
                if meant and not any(_may_hold(field, value) for field in meant):
                    yield Problem(
                        CheckId.VALUE_IN_VAIN,
                        f"{receiver.name}: {condition} asks for {value!r}, which "
                        f"{' or '.join(sorted({field.name for field in meant}))} never holds.",
                        _remedy(meant[0], value),
                        place_of(receiver.function),
                    )


def _conditions(
    receiver: Receiver,
) -> Iterator[tuple[Changed, list[type[Model]], list[Any]]]:
    """Yield each `changed`, the models that the receiver names, and the fields that they write."""
    conditions = [p.function for p in receiver.predicates if isinstance(p.function, Changed)]
    models = list(_models_of(receiver)) if conditions else []
    if models:  # otherwise it hears every model
        every = [one for model in models for one in models_below(model)]
        fields = [field for one in every for field in written_fields(one)]
        yield from ((condition, models, fields) for condition in conditions)


def _models_of(receiver: Receiver) -> Iterator[type[Model]]:
    """Yield the models that a receiver names."""
    wishes = [*(target.sender for target in receiver.targets), *receiver.senders.wishes]
    for wish in wishes:
        if isinstance(wish, type) and issubclass(wish, Model):
            yield wish
        elif isinstance(wish, str):
            yield from (model for model in sending_models() if wish in names_of(model))


def _values(wanted: Any, fields: Iterable[Any]) -> list[Any]:
    """Return the single values that are asked for, without those that only a call can tell."""
    whole = not is_several(wanted) or any(_may_hold(field, wanted) for field in fields)
    values = [wanted] if whole else list(wanted)
    return [v for v in values if v is not ANY and not callable(v) and not isinstance(v, Model)]


def _may_hold(field: Any, value: Any) -> bool:
    if value is None:
        return bool(field.null)
    if isinstance(field, JSONField) or not comes_as_it_went(field):
        return True  # what it loads, only it knows
    return _is_loaded(field, value) and (not field.flatchoices or value in _choices(field))


def _is_loaded(field: Any, value: Any) -> bool:
    try:
        field.to_python(value)
    except (TypeError, ValueError, ValidationError):
        return False
    return bool(loaded(field, value) == value)


def _choices(field: Any) -> list[Any]:
    return [choice for choice, _ in field.flatchoices]


def _remedy(field: Any, value: Any) -> str:
    if value is None:
        return f"{field.name} is never None."
    if field.flatchoices:
        choices = [str(choice) for choice in _choices(field)]
        return did_you_mean(str(value), choices) or f"Its choices are {', '.join(choices)}."
    return f"It is compared with what its {type(field).__name__} loads: write a value of that type."
