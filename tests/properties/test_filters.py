"""Every filter and every order gives what a plain Python predicate gives (facts 1.5 and 1.6)."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from graphene.utils.str_converters import to_camel_case
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.filters.members import MEMBERS, passes
from tests.properties.filters.orders import ATTRIBUTES, JSON_KEYS, in_order
from tests.properties.filters.rows import KEYS, Rows, all_rows
from tests.properties.profile import PROFILE
from workflow_events.graphql.filters import sets as filters
from workflow_events.graphql.ordering import sets as orders

pytestmark = pytest.mark.django_db

TABLES = {
    "Workflow": "workflows",
    "Task": "tasks",
    "Case": "cases",
    "WorkItem": "items",
}
PAGED = "filter: $filter, order: $order, offset: $offset, first: $first, last: $last"
VARIABLES = "$order: [{0}OrderSetType], $filter: [{0}FilterSetType]"
PAGING = "$offset: Int, $first: Int, $last: Int"
NESTED = {
    # a list below others: its kind, the root, and which rows belong to a parent
    "workItems": ("WorkItem", "allCases", lambda item, case, rows: item.case_id == case.pk),
    "familyWorkItems": (
        "WorkItem",
        "allCases",
        lambda item, case, rows: rows.case(item.case_id).family_id == case.family_id,
    ),
    "flows": (
        "Flow",
        "allWorkflows",
        lambda flow, workflow, rows: any(
            way.flow_id == flow.pk and way.workflow_id == workflow.pk for way in rows.task_flows
        ),
    ),
}


def members(kind: str, rows: Rows) -> dict[str, st.SearchStrategy[Any]]:
    """Values for each member of a filter set."""
    return {name: member.values(rows) for name, member in MEMBERS[kind].items()}


def entries(kind: str, rows: Rows) -> st.SearchStrategy[Any]:
    """Entries with several members, some of them null, inverted or not; or null."""
    values = {name: st.none() | value for name, value in members(kind, rows).items()}
    some = st.lists(st.sampled_from([*values]), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: values[name] for name in names})
    )
    return st.none() | st.builds(
        lambda entry, invert: {**entry, "invert": invert},
        some,
        st.sampled_from([None, False, True]),
    )


def order_entries(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Entries with one key and a direction."""
    attribute = st.fixed_dictionaries({"attribute": st.sampled_from([*ATTRIBUTES[kind]])})
    keys = [st.fixed_dictionaries({name: KEYS}) for name in JSON_KEYS[kind]]
    direction = st.sampled_from([{}, {"direction": "ASC"}, {"direction": "DESC"}])
    return st.builds(lambda key, way: {**key, **way}, st.one_of(attribute, *keys), direction)


def expected(kind: str, found: list[Any], rows: Rows, variables: dict[str, Any]) -> list[str]:
    """The keys of the rows that a list has, in order."""
    kept = [
        row
        for row in found
        if all(passes(kind, row, entry, rows) for entry in variables.get("filter") or ())
    ]
    return [str(row.pk) for row in in_order(kind, kept, variables.get("order") or [], rows)]


def ask(query: str, **variables: Any) -> Any:
    """Execute a query over HTTP, as clients do."""
    body = {"query": query, "variables": variables}
    answer = Client().post("/graphql/", body, content_type="application/json").json()
    assert "errors" not in answer, answer
    return answer["data"]


def key_of(node: dict[str, Any]) -> str:
    """The primary key in a global id."""
    return base64.b64decode(node["id"]).decode().partition(":")[2]


def keys_of(connection: dict[str, Any]) -> list[str]:
    return [key_of(edge["node"]) for edge in connection["edges"]]


@contextmanager
def undone(rows: Rows) -> Iterator[None]:
    """Store the rows for as long as this lasts."""
    with transaction.atomic():
        rows.store()
        yield
        transaction.set_rollback(True)


def query_of(kind: str) -> str:
    return (
        f"query ({VARIABLES.format(kind)}) {{ list: all{kind}s(filter: $filter, order: $order)"
        " { edges { node { id } } totalCount } }"
    )


@pytest.mark.parametrize("kind", [*TABLES])
def test_each_filter_is_its_predicate(kind: str) -> None:
    query = query_of(kind)

    @settings(PROFILE)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        rows = data.draw(all_rows())
        found = getattr(rows, TABLES[kind])
        with undone(rows):
            for name, values in members(kind, rows).items():
                entry = {name: data.draw(values), "invert": data.draw(st.booleans())}
                answer = ask(query, filter=[entry])["list"]
                wanted = expected(kind, found, rows, {"filter": [entry]})
                assert (entry, keys_of(answer)) == (entry, wanted)
                assert answer["totalCount"] == len(wanted)

    check()


@pytest.mark.parametrize("kind", [*TABLES])
def test_filters_and_orders_combine(kind: str) -> None:
    query = query_of(kind)

    @settings(PROFILE)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        rows = data.draw(all_rows())
        found = getattr(rows, TABLES[kind])
        with undone(rows):
            for _ in range(5):
                variables = {
                    "filter": data.draw(st.lists(entries(kind, rows), max_size=3)),
                    "order": data.draw(st.lists(order_entries(kind), max_size=3)),
                }
                answer = ask(query, **variables)["list"]
                wanted = expected(kind, found, rows, variables)
                assert (variables, keys_of(answer)) == (variables, wanted)

    check()


@pytest.mark.parametrize("field", [*NESTED])
def test_lists_below_others_are_filtered_ordered_and_cut(field: str) -> None:
    kind, root, belongs = NESTED[field]
    query = (
        f"query ({VARIABLES.format(kind)}, {PAGING})"
        f" {{ {root} {{ edges {{ node {{ id list: {field}({PAGED})"
        " { edges { node { id } } pageInfo { hasNextPage } } } } } }"
    )
    number = st.none() | st.integers(0, 3)

    @settings(PROFILE)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        rows = data.draw(all_rows())
        found = rows.flows if kind == "Flow" else rows.items
        parents = rows.cases if root == "allCases" else rows.workflows
        with undone(rows):
            for _ in range(4):
                variables = {
                    "filter": data.draw(st.lists(entries(kind, rows), max_size=2)),
                    "order": data.draw(st.lists(order_entries(kind), max_size=3)),
                }
                offset, first, last = data.draw(st.tuples(number, number, number))
                answer = ask(query, **variables, offset=offset, first=first, last=last)[root]
                lists = {key_of(edge["node"]): edge["node"]["list"] for edge in answer["edges"]}
                assert {*lists} == {str(parent.pk) for parent in parents}
                for parent in parents:
                    own = [row for row in found if belongs(row, parent, rows)]
                    whole = expected(kind, own, rows, variables)
                    page = cut(whole, offset, first, last)
                    assert (variables, keys_of(lists[str(parent.pk)])) == (variables, page)

    check()


def cut(whole: list[str], offset: int | None, first: int | None, last: int | None) -> list[str]:
    """The page of a list."""
    page = whole[offset or 0 :]
    page = page if first is None else page[:first]
    return page if last is None else page[max(0, len(page) - last) :]


SETS = [(name, getattr(filters, f"{name}FilterSet")) for name in MEMBERS]


@pytest.mark.parametrize(("kind", "filter_set"), SETS)
def test_every_filter_is_here(kind: str, filter_set: type[filters.FilterSet]) -> None:
    assert {to_camel_case(name) for name in filter_set.filters} == {*MEMBERS[kind]}


@pytest.mark.parametrize("kind", [*ATTRIBUTES])
def test_every_order_is_here(kind: str) -> None:
    keys = getattr(orders, f"{kind}OrderSet").keys
    assert {*keys["attribute"].fields} == {*ATTRIBUTES[kind]}
    assert {to_camel_case(name) for name in keys} - {"attribute"} == {*JSON_KEYS[kind]}
