"""Names and descriptions in several languages (facts 1.1, decision 15).

The columns ``name`` and ``description`` hold the texts of ``LANGUAGE_CODE``. Those of the other
languages of ``LANGUAGES`` are in the column ``translations``:
``{"name": {"de": "…"}, "description": {"de": "…"}}``. With one language nobody looks there.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from django.conf import settings
from django.db.models import F, Q, TextField
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, IsNull
from django.utils.translation import get_language, get_supported_language_variant

from workflow_events.workflow.models.base import Named

Text = Literal["name", "description"]

TEXTS: Final[frozenset[str]] = frozenset({"name", "description"})
"""The fields that have a text per language."""


def other_language() -> str | None:
    """Return the active language if it is another of ``LANGUAGES`` than ``LANGUAGE_CODE``.

    Of an active language that is not offered the nearest counts, as it does for a request.
    """
    if len(settings.LANGUAGES) == 1:
        return None
    try:
        language = get_supported_language_variant(get_language() or settings.LANGUAGE_CODE)
    except LookupError:
        return None
    return None if language == settings.LANGUAGE_CODE else language


def localized(instance: Named, field: Text) -> str | None:
    """Return the text in the active language, or that of ``LANGUAGE_CODE`` where there is none."""
    language = other_language()
    found = None if language is None else _texts(instance, field).get(language)
    if found is None:
        found = instance.name if field == "name" else instance.description
    return found


def write(instance: Named, field: Text, text: str | None) -> None:
    """Set the text in the active language only; an empty text is none.

    The first text of a new row also fills the column, whatever its language. Saves nothing.
    """
    language = other_language()
    if language is None or (instance._state.adding and not getattr(instance, field)):
        setattr(instance, field, text)
    if language is None:
        return
    texts = dict(_texts(instance, field))
    texts.pop(language, None)
    if text:
        texts[language] = text
    instance.translations = _without_empty({**(instance.translations or {}), field: texts})


def copy_texts(source: Named, target: Named, given: Mapping[str, Any]) -> None:
    """Give a new work item the texts of its task in every language, but the given ones in its own.

    ``given`` has ``name`` and ``description`` in the active language, as receivers left them.
    What equals the source's text is no translation of its own. Saves nothing.
    """
    own = {"name": localized(source, "name"), "description": localized(source, "description")}
    target.name = source.name
    target.description = source.description
    target.translations = _without_empty(source.translations or {})
    if given["name"] != own["name"]:
        write(target, "name", given["name"])
    if given["description"] != own["description"]:
        write(target, "description", given["description"])


def localized_expression(field: Text) -> Combinable:
    """Return what `localized` does, as an expression to filter and order by."""
    language = other_language()
    if language is None:
        return F(field)
    own = KeyTextTransform(language, KeyTextTransform(field, "translations"))
    return Coalesce(own, F(field), output_field=TextField())


def localized_equals(field: Text, value: str) -> Q:
    """Return the condition that the text in the active language is exactly this one."""
    expression = localized_expression(field)
    if isinstance(expression, F):
        return Q(**{field: value})
    # Never unknown, so that what is inverted finds the rows without a text, too.
    return Q(Exact(expression, value)) & Q(IsNull(expression, False))


def _texts(instance: Named, field: Text) -> Mapping[str, str]:
    texts: Mapping[str, str] = (instance.translations or {}).get(field, {})
    return texts


def _without_empty(translations: Mapping[str, Mapping[str, str]]) -> dict[str, Any] | None:
    """Return a copy without fields that have no text; none at all are null."""
    return {field: dict(texts) for field, texts in translations.items() if texts} or None
