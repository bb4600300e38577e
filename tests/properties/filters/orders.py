"""Every key of every order set, as a key for Python's sort."""

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

from tests.properties.filters.json_rules import json_key
from tests.properties.filters.rows import Rows

Key = Callable[[Any, Rows], Any]


def attribute(name: str) -> Key:
    return lambda row, _: getattr(row, name)


def in_dictionary(name: str) -> Key:
    """Order the few letters of the random names: base, then accent, then case."""

    def key(row: Any, _: Rows) -> Any:
        stored = getattr(row, name)
        if stored is None:
            return None
        bases = [normalize("NFD", letter.lower())[0] for letter in stored]
        return (
            [" -1abz".index(base) for base in bases],
            [letter in "äÄ" for letter in stored],
            [letter != letter.lower() for letter in stored],
        )

    return key


def _first_task(row: Any, rows: Rows) -> str | None:
    return min((way.task_id for way in rows.task_flows if way.flow_id == row.pk), default=None)


COMMON = {"CREATED_AT": attribute("created_at"), "MODIFIED_AT": attribute("modified_at")}
TEXTS = {"NAME": in_dictionary("name"), "DESCRIPTION": in_dictionary("description")}
DESIGN = {
    **COMMON,
    **TEXTS,
    "SLUG": attribute("slug"),
    "IS_ARCHIVED": attribute("is_archived"),
}
ATTRIBUTES: dict[str, dict[str, Key]] = {
    "Workflow": {
        **DESIGN,
        "ALLOW_ALL_FORMS": attribute("allow_all_forms"),
        "IS_PUBLISHED": attribute("is_published"),
    },
    "Task": {**DESIGN, "LEAD_TIME": attribute("lead_time"), "TYPE": attribute("type")},
    "Flow": {**COMMON, "TASK": _first_task},
    "Case": {**COMMON, "STATUS": attribute("status")},
    "WorkItem": {
        **COMMON,
        **TEXTS,
        "CLOSED_AT": attribute("closed_at"),
        "DEADLINE": attribute("deadline"),
        "STATUS": attribute("status"),
        "SLUG": attribute("task_id"),
    },
}
JSON_KEYS: dict[str, dict[str, Callable[[Any, Rows], Any]]] = {
    "Workflow": {"meta": lambda row, _: row.meta},
    "Task": {"meta": lambda row, _: row.meta},
    "Flow": {"meta": lambda row, _: None},  # they have none
    "Case": {"meta": lambda row, _: row.meta},
    "WorkItem": {
        "meta": lambda row, _: row.meta,
        "caseMeta": lambda row, rows: rows.case(row.case_id).meta,
    },
}


def in_order(kind: str, found: list[Any], order: list[dict[str, Any]], rows: Rows) -> list[Any]:
    """Sort rows by the entries of an order, and by their creation where these are equal.

    Creation goes the way of the last entry that says something.
    """
    by_slug = kind in ("Workflow", "Task")
    said = [entry for entry in order if _says_something(kind, entry)]
    found = sorted(
        found,
        key=lambda row: row.created_at if by_slug else row.pk,
        reverse=bool(said) and said[-1].get("direction") == "DESC",
    )
    for entry in reversed(said):
        key = _key(kind, entry)
        found = sorted(
            found,
            key=lambda row, key=key: ((value := key(row, rows)) is None, value),
            reverse=entry.get("direction") == "DESC",
        )
    return found


def _says_something(kind: str, entry: dict[str, Any]) -> bool:
    """Whether it has a key that is not empty, of what these rows have."""
    keys = [value for name, value in entry.items() if name != "direction"]
    return any(keys) and (kind != "Flow" or "attribute" in entry)


def _key(kind: str, entry: dict[str, Any]) -> Key:
    if entry.get("attribute"):
        return ATTRIBUTES[kind][entry["attribute"]]
    [(name, wanted)] = [pair for pair in entry.items() if pair[0] != "direction"]
    meta_of = JSON_KEYS[kind][name]
    return lambda row, rows: json_key(meta_of(row, rows), wanted)
