"""What any of several visibilities shows: facts 5.3."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Value
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item
from workflow_events.access.policy import Policy
from workflow_events.access.visibilities import (
    AddressedGroups,
    Any,
    Authenticated,
    BaseVisibility,
    CreatedByGroup,
    Union,
    filter_queryset_for,
)
from workflow_events.graphql.nodes import Case, Workflow, WorkItem
from workflow_events.workflow import models


def showing(narrow, node=WorkItem, **attributes):
    """A visibility class that narrows the rows of a node by a function."""

    class Showing(BaseVisibility):
        @filter_queryset_for(node)
        def showing(self, node, queryset, info):
            return narrow(queryset)

    for name, value in attributes.items():
        setattr(Showing, name, value)
    return Showing


def named(*names):
    return showing(lambda queryset: queryset.filter(name__in=names))


def union(*members, **attributes):
    return type("United", (Union,), {"visibility_classes": members, **attributes})()


def names(visibility, queryset=None, info=None, relation=None):
    """The names of the items that are left, each as often as it comes."""
    policy = Policy(visibilities=(visibility,))
    if queryset is None:
        queryset = models.WorkItem.objects.order_by("name")
    return [item.name for item in policy.visible(WorkItem, queryset, info, relation)]


@pytest.fixture
def items(db):
    cases = [make_case(), make_case()]
    items = {}
    for name in "abcd":
        items[name] = make_item(cases[name > "b"], name=name, previous_work_item=items.get("a"))
    return items


def joining(queryset):
    """Narrow by a join that gives the item "a" three times."""
    return queryset.filter(succeeding_work_items__name__in=("b", "c", "d"))


MEMBERS = {
    "condition": named("a"),
    "ordered": showing(lambda queryset: queryset.filter(name="a").order_by("-name")),
    "exists": showing(
        lambda queryset: queryset.filter(
            Exists(models.WorkItem.objects.filter(previous_work_item=OuterRef("pk")))
        )
    ),
    "join": showing(joining),
    "distinct": showing(lambda queryset: joining(queryset).distinct()),
    "distinct on nothing joined": showing(lambda queryset: queryset.filter(name="a").distinct()),
    "annotation": showing(
        lambda queryset: queryset.annotate(following=Count("succeeding_work_items")).filter(
            following=3
        )
    ),
    "alias": showing(lambda queryset: queryset.alias(one=Value("a")).filter(name=F("one"))),
    "exclude": showing(lambda queryset: queryset.exclude(previous_work_item__name="a")),
    "reverse exclude": showing(
        lambda queryset: queryset.exclude(name="b").exclude(name="c").exclude(name="d")
    ),
    "subset by key": showing(
        lambda queryset: queryset.filter(pk__in=queryset.filter(name="a").values("pk")[:1])
    ),
    "own queryset": showing(lambda queryset: models.WorkItem.objects.filter(name="a")),
    "only": showing(lambda queryset: queryset.filter(name="a").only("pk")),
    "selected": showing(lambda queryset: queryset.filter(name="a").select_related("case")),
}


@pytest.mark.parametrize("first", MEMBERS)
@pytest.mark.parametrize("second", MEMBERS)
def test_rows_of_any_member_come_once(items, first, second):
    visibility = union(MEMBERS[first], MEMBERS[second], named("c"))
    assert names(visibility) == ["a", "c"]
    policy = Policy(visibilities=(visibility,))
    assert policy.visible(WorkItem, models.WorkItem.objects.all(), None).count() == 2


@pytest.mark.parametrize("member", MEMBERS)
def test_what_is_shown_can_be_filtered_on(items, member):
    policy = Policy(visibilities=(union(named("b"), MEMBERS[member], named("c")), Any()))
    given = models.WorkItem.objects.filter(case__family__isnull=False).annotate(
        parent_key=F("case__family_id")
    )

    shown = policy.visible(WorkItem, given, None)

    assert shown.count() == 3
    found = shown.filter(parent_key__in=[items["a"].case_id]).order_by("-name")
    assert [(item.name, item.parent_key) for item in found] == [
        (name, items["a"].case_id) for name in "ba"
    ]
    assert [item.name for item in shown.exclude(name="b").order_by("name")[1:]] == ["c"]
    assert shown.aggregate(number=Count("pk"))["number"] == 3
    counted = shown.annotate(following=Count("succeeding_work_items")).order_by("name")
    assert [(item.name, item.following) for item in counted] == [("a", 3), ("b", 0), ("c", 0)]
    assert shown.filter(succeeding_work_items__name__gte="c").distinct().get() == items["a"]
    assert [item.name for item in models.WorkItem.objects.exclude(pk__in=shown)] == ["d"]


def test_what_was_given_stays_as_it_was(items):
    given = models.WorkItem.objects.exclude(name="a").order_by("-name").distinct()
    for queryset in (given, given.distinct()):
        assert names(union(named("a", "b"), named("b", "c")), queryset) == ["c", "b"]
        assert names(union(MEMBERS["join"], named("b", "c")), queryset) == ["c", "b"]


def test_it_stands_among_others(items):
    policy = Policy(visibilities=(named("a", "b")(), union(named("b"), named("c")), Any()))
    assert policy.visible(WorkItem, models.WorkItem.objects.all(), None).get() == items["b"]
    inside = union(type(union(named("a"), named("b"))), type(union(named("c"))))
    assert names(inside) == ["a", "b", "c"]


def untouched(visibility, node=WorkItem, info=None, relation=None):
    queryset = node.model._default_manager.all()
    policy = Policy(visibilities=(visibility,))
    return policy.visible(node, queryset, info, relation) is queryset


def test_if_one_member_restricts_nothing_nothing_is_restricted(items):
    everything = showing(lambda queryset: queryset)
    cloned = showing(lambda queryset: queryset.all())
    cases_only = showing(lambda queryset: queryset.none(), Case)
    for member in (Any, cases_only, everything):
        assert untouched(union(named("a"), member))
        assert untouched(union(member, named("a")))
    assert names(union(named("a"), cloned)) == list("abcd")
    assert names(union(cloned, named("a"))) == list("abcd")
    assert untouched(union(named("a"), named("b")), Workflow)


def test_nothing_and_nothing_is_nothing(items):
    nothing = showing(lambda queryset: queryset.none())
    never = showing(lambda queryset: queryset.filter(name__in=[]))
    with CaptureQueriesContext(connection) as queries:
        assert names(union(nothing, nothing)) == []
        assert names(union(never, never)) == []
        assert names(union(nothing, never)) == []
    assert len(queries) == 0
    assert names(union(nothing, named("a"), never)) == ["a"]
    annotated = models.WorkItem.objects.annotate(parent_key=F("case_id"))
    shown = Policy(visibilities=(union(nothing),)).visible(WorkItem, annotated, None)
    assert list(shown.filter(parent_key=1)) == []


def test_a_relation_that_a_member_suppresses_is_not_filtered(items):
    hidden = showing(lambda queryset: queryset.none(), Case)
    suppressing = showing(
        lambda queryset: queryset.none(), Case, suppress_visibilities=["WorkItem.case"]
    )
    assert untouched(union(hidden, suppressing), Case, None, "WorkItem.case")
    assert not untouched(union(hidden, suppressing), Case, None, "Case.family")
    assert not untouched(union(hidden, hidden), Case, None, "WorkItem.case")
    both = union(hidden, hidden, suppress_visibilities=("WorkItem.case",))
    assert untouched(both, Case, None, "WorkItem.case")
    assert not untouched(both, Case, None)
    inner = type(both)
    assert untouched(union(hidden, inner), Case, None, "WorkItem.case")


def test_the_ready_made_classes_combine(db, clerk, stranger, anonymous):
    case = make_case(created_by_group="strangers")
    mine = make_item(case, name="mine", created_by_group="clerks", addressed_groups=["people"])
    make_item(case, name="addressed", addressed_groups=["clerks", "people"])
    make_item(case, name="neither", created_by_group="x", addressed_groups=["y"])
    visibility = union(CreatedByGroup, AddressedGroups)
    assert names(visibility, info=clerk) == ["addressed", "mine"]
    assert names(visibility, info=stranger) == names(visibility, info=anonymous) == []
    policy = Policy(visibilities=(visibility,))
    for info, number in ((clerk, 1), (stranger, 1), (anonymous, 0)):
        assert policy.visible(Case, models.Case.objects.all(), info).count() == number
    assert names(union(CreatedByGroup, Authenticated), info=stranger)[-1] == "neither"
    mine.delete()
    assert names(visibility, info=clerk) == ["addressed"]


def test_conditions_are_joined_in_one_statement_without_subqueries(db, clerk):
    with CaptureQueriesContext(connection) as queries:
        names(union(CreatedByGroup, named("a"), MEMBERS["ordered"]), info=clerk)
    [statement] = queries.captured_queries
    assert statement["sql"].count("SELECT") == 1
    assert " JOIN " not in statement["sql"]


def test_a_search_among_keys_becomes_a_look_up_for_each_row(items):
    keys = models.WorkItem.objects.filter(name="a").values("pk")
    searching = showing(lambda queryset: queryset.filter(pk__in=keys))
    with CaptureQueriesContext(connection) as queries:
        assert names(union(named("b"), searching)) == ["a", "b"]
    [statement] = queries.captured_queries
    assert statement["sql"].count(" OR EXISTS(SELECT ") == 1


def test_a_member_that_gives_something_else_is_named(items):
    visibility = union(named("a"), showing(lambda queryset: None))
    with pytest.raises(TypeError, match=r"Showing\.showing gave None; it must return the queryset"):
        names(visibility)


@pytest.mark.parametrize("members", [(), ("tests.access.Some",), (named("a")(),), (str,)])
def test_its_members_are_visibility_classes(members):
    with pytest.raises(
        ImproperlyConfigured, match=r"visibility_classes (is empty|holds .*); list subclasses of"
    ):
        union(*members)


def test_it_has_no_methods_of_its_own():
    with pytest.raises(ImproperlyConfigured, match=r"Mixed\.cases: a Union has no methods of its"):

        class Mixed(Union):
            visibility_classes = (Any,)

            @filter_queryset_for(Case)
            def cases(self, node, queryset, info):
                return queryset
