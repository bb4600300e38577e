"""Overlap of lists that are stored as JSON."""

import pytest
from django.db import connection
from django.db.models import JSONField, Value

from tests.graphql.rows import make_case, make_item
from workflow_events.workflow.lookups import groups_overlap
from workflow_events.workflow.models import WorkItem

pytestmark = pytest.mark.django_db

STORED = {
    "a": ["g"],
    "b": ["h", "g"],
    "c": [],
    "d": ["ä😀\"'\\%s", "G"],
    "e": "g",
    "f": {"g": "g"},
    "g": Value(None, JSONField()),
    "h": [["g"], {"g": "g"}, 1, True, None],
    "i": ["1", "true"],
}


@pytest.fixture
def found():
    case = make_case()
    for name, groups in STORED.items():
        make_item(case, name=name, addressed_groups=groups)

    def names(*values, inverted=False):
        condition = groups_overlap("addressed_groups", values)
        rows = WorkItem.objects.filter(~condition if inverted else condition)
        return "".join(rows.order_by("name").values_list("name", flat=True))

    return names


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["g"], "ab"),
        (["h"], "b"),
        (["h", "g"], "ab"),
        (["G", "x"], "d"),
        (["ä😀\"'\\%s"], "d"),
        (["x"], ""),
        (["%"], ""),
        ([""], ""),
        ([], ""),
        (["1"], "i"),
        (["true"], "i"),
        (["null"], ""),
    ],
)
def test_a_list_with_one_of_the_texts_matches_and_nothing_else(found, values, expected):
    assert found(*values) == expected
    assert found(*values, inverted=True) == "".join(sorted(set(STORED) - set(expected)))


def test_over_a_relation(found):
    child = make_case()
    make_item(child, previous_work_item=WorkItem.objects.get(name="b"))

    overlapping = WorkItem.objects.filter(
        groups_overlap("previous_work_item__addressed_groups", ["h"])
    )

    assert [item.case_id for item in overlapping] == [child.pk]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is of PostgreSQL")
def test_the_index_serves_it(found):
    rows = WorkItem.objects.filter(groups_overlap("addressed_groups", ["g", "h"]))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "work_item_addressed_groups" in rows.explain()
