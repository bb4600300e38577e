"""Every member of every filter set: random values for it, and what it means."""

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from tests.properties.filters.json_rules import meta_matches
from tests.properties.filters.rows import JSON, KEYS, MOMENTS, NAMES, SLUGS, TEXTS, Rows
from workflow_events.workflow.models.design import TaskType
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

UNKNOWN = UUID(int=7)


class Member(NamedTuple):
    """Values for a member, and whether a row has one of them; None if the value says nothing."""

    values: Callable[[Rows], st.SearchStrategy[Any]]
    matches: Callable[[Any, Any, Rows], bool | None]


def text(attribute: str, texts: st.SearchStrategy[str] = TEXTS) -> Member:
    return Member(lambda _: texts, lambda row, value, _: getattr(row, attribute) == value)


def any_text(attribute: str, texts: st.SearchStrategy[str]) -> Member:
    def matches(row: Any, value: list[Any], _: Rows) -> bool | None:
        wanted = [one for one in value if one is not None]
        return getattr(row, attribute) in wanted if wanted else None

    return Member(lambda _: st.lists(st.none() | texts, max_size=3), matches)


def moment(attribute: str, compare: Callable[[Any, Any], bool]) -> Member:
    steps = st.sampled_from([timedelta(microseconds=step) for step in (-1, 0, 0, 0, 1, 2)])
    moments = st.builds(operator.add, st.sampled_from(MOMENTS), steps).map(datetime.isoformat)

    def matches(row: Any, value: str, _: Rows) -> bool:
        stored = getattr(row, attribute)
        return stored is not None and compare(stored, datetime.fromisoformat(value))

    return Member(lambda _: moments, matches)


def flag(attribute: str) -> Member:
    return Member(lambda _: st.booleans(), lambda row, value, _: getattr(row, attribute) is value)


def choice(attribute: str, enum: Any) -> Member:
    names = st.sampled_from([member.name for member in enum])
    return Member(
        lambda _: names, lambda row, value, _: getattr(row, attribute) == enum[value].value
    )


def any_choice(attribute: str, enum: Any) -> Member:
    names = st.none() | st.sampled_from([member.name for member in enum])

    def matches(row: Any, value: list[Any], _: Rows) -> bool | None:
        wanted = [enum[name].value for name in value if name is not None]
        return getattr(row, attribute) in wanted if wanted else None

    return Member(lambda _: st.lists(names, max_size=3), matches)


def key(of: Callable[[Any, Rows], Any], table: str) -> Member:
    return Member(
        lambda rows: keys(rows, table), lambda row, value, rows: str(of(row, rows)) == value
    )


def any_key(table: str) -> Member:
    def matches(row: Any, value: list[Any], _: Rows) -> bool | None:
        wanted = [one for one in value if one is not None]
        return str(row.pk) in wanted if wanted else None

    return Member(lambda rows: st.lists(st.none() | keys(rows, table), max_size=3), matches)


def keys(rows: Rows, table: str) -> st.SearchStrategy[str]:
    found = [str(row.pk) for row in getattr(rows, table)]
    unknown = "nothing" if table in ("tasks", "workflows") else str(UNKNOWN)
    return st.sampled_from([*found, unknown])


def overlap(attribute: str) -> Member:
    def matches(row: Any, value: list[Any], _: Rows) -> bool | None:
        wanted = {one for one in value if one is not None}
        return bool(wanted & set(getattr(row, attribute))) if wanted else None

    return Member(lambda _: st.lists(st.none() | TEXTS, max_size=3), matches)


def json_value(meta_of: Callable[[Any, Rows], Any]) -> Member:
    def matches(row: Any, value: list[Any], rows: Rows) -> bool | None:
        given = [entry for entry in value if entry is not None]
        return meta_matches(meta_of(row, rows), given) if given else None

    return Member(lambda rows: st.lists(st.none() | entries(rows), max_size=2), matches)


@st.composite
def entries(draw: st.DrawFn, rows: Rows) -> dict[str, Any]:
    """A comparison, most often of a key and of a value that is stored."""
    stored = [
        pair
        for row in (*rows.items, *rows.cases, *rows.tasks, *rows.workflows)
        if isinstance(row.meta, dict)
        for pair in row.meta.items()
        if pair[1] is not None
    ]
    anything = st.tuples(KEYS, JSON.filter(lambda value: value is not None))
    found, value = draw((st.sampled_from(stored) | anything) if stored else anything)
    lookup = draw(
        st.none() | st.sampled_from(["EXACT", "IN", "INTERSECTS", "GT", "GTE", "LT", "LTE"])
    )
    if isinstance(value, str) and draw(st.booleans()):
        lookup = draw(st.sampled_from(["STARTSWITH", "CONTAINS", "ICONTAINS"]))
        value = draw(st.sampled_from([value, value[:2], value[1:], value.swapcase()]))
    elif lookup == "INTERSECTS" and isinstance(value, list):
        value = draw(st.sampled_from([value, value[-1:], value[:1], [*value, "x"]]))
    elif lookup in ("IN", "INTERSECTS"):
        value = draw(st.sampled_from([[value], [value, None], [[value]], []]))
    elif lookup in ("GT", "GTE", "LT", "LTE") and (
        isinstance(value, bool) or not isinstance(value, int | float | str)
    ):
        value = draw(st.integers(-5, 5) | st.text("aZä", max_size=2))
    elif isinstance(value, int | float) and draw(st.booleans()) and lookup in (None, "EXACT"):
        value = str(value).lower()
    return {"key": found, "value": value, "lookup": lookup}


def has_key(row: Any, value: str, _: Rows) -> bool:
    return isinstance(row.meta, dict) and value in row.meta


def words(row: Any, value: str, _: Rows) -> bool | None:
    wanted = cut(value)
    return wanted <= cut(f"{row.slug} {row.name} {row.description or ''}") if wanted else None


def cut(searched: str) -> set[str]:
    return set(re.findall("[aäbcz01]+", searched.lower()))


AUDIT = {
    "createdByUser": text("created_by_user"),
    "createdByGroup": text("created_by_group"),
    "modifiedByUser": text("modified_by_user"),
    "modifiedByGroup": text("modified_by_group"),
    "createdBefore": moment("created_at", operator.lt),
    "createdAfter": moment("created_at", operator.ge),
    "modifiedBefore": moment("modified_at", operator.lt),
    "modifiedAfter": moment("modified_at", operator.ge),
}
META = {
    "metaHasKey": Member(lambda _: KEYS, has_key),
    "metaValue": json_value(lambda row, _: row.meta),
}
DESIGN = {
    **AUDIT,
    **META,
    "slug": text("slug", st.sampled_from(SLUGS)),
    "slugs": any_text("slug", st.sampled_from(SLUGS)),
    "name": text("name", NAMES),
    "description": text("description", NAMES),
    "isArchived": flag("is_archived"),
    "search": Member(lambda _: NAMES | st.sampled_from(["b", "C a", "a_", "B-C", "b_c"]), words),
}


def _is_root(row: Any, value: bool, rows: Rows) -> bool | None:
    return row.pk not in {item.child_case_id for item in rows.items} if value else None


def _leads_into(row: Any, value: str, rows: Rows) -> bool:
    return any(way.flow_id == row.pk and way.task_id == value for way in rows.task_flows)


MEMBERS: dict[str, dict[str, Member]] = {
    "Workflow": {
        **DESIGN,
        "id": key(lambda row, _: row.pk, "workflows"),
        "ids": any_key("workflows"),
        "isPublished": flag("is_published"),
    },
    "Task": {
        **DESIGN,
        "id": key(lambda row, _: row.pk, "tasks"),
        "ids": any_key("tasks"),
        "type": choice("type", TaskType),
    },
    "Flow": {
        **AUDIT,
        "id": key(lambda row, _: row.pk, "flows"),
        "ids": any_key("flows"),
        "task": Member(lambda rows: keys(rows, "tasks"), _leads_into),
    },
    "Case": {
        **AUDIT,
        **META,
        "id": key(lambda row, _: row.pk, "cases"),
        "ids": any_key("cases"),
        "workflow": key(lambda row, _: row.workflow_id, "workflows"),
        "rootCase": key(lambda row, _: row.family_id, "cases"),
        "status": any_choice("status", CaseStatus),
        "excludeChildCases": Member(lambda _: st.booleans(), _is_root),
    },
    "WorkItem": {
        **AUDIT,
        **META,
        "id": key(lambda row, _: row.pk, "items"),
        "ids": any_key("items"),
        "status": choice("status", WorkItemStatus),
        "name": text("name", NAMES),
        "task": key(lambda row, _: row.task_id, "tasks"),
        "tasks": any_text("task_id", st.sampled_from(SLUGS)),
        "case": key(lambda row, _: row.case_id, "cases"),
        "caseFamily": key(lambda row, rows: rows.root_of(row).pk, "cases"),
        "rootCase": key(lambda row, rows: rows.root_of(row).pk, "cases"),
        "workflow": key(lambda row, rows: rows.case(row.case_id).workflow_id, "workflows"),
        "createdAt": moment("created_at", operator.eq),
        "closedAt": moment("closed_at", operator.eq),
        "modifiedAt": moment("modified_at", operator.eq),
        "deadline": moment("deadline", operator.eq),
        "deadlineBefore": moment("deadline", operator.lt),
        "deadlineAfter": moment("deadline", operator.ge),
        "hasDeadline": Member(
            lambda _: st.booleans(), lambda row, value, _: (row.deadline is not None) is value
        ),
        "addressedGroups": overlap("addressed_groups"),
        "controllingGroups": overlap("controlling_groups"),
        "assignedUsers": overlap("assigned_users"),
        "caseMetaValue": json_value(lambda row, rows: rows.case(row.case_id).meta),
        "rootCaseMetaValue": json_value(lambda row, rows: rows.root_of(row).meta),
    },
}


def passes(kind: str, row: Any, entry: dict[str, Any] | None, rows: Rows) -> bool:
    """Whether a row passes an entry of a filter."""
    given = {
        name: value
        for name, value in (entry or {}).items()
        if name != "invert" and value is not None and value not in ("", [])
    }
    found = [MEMBERS[kind][name].matches(row, value, rows) for name, value in given.items()]
    said = [one for one in found if one is not None]
    return not said or all(said) is not bool((entry or {}).get("invert"))
