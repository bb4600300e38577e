"""Who sees what: facts 5.3."""

import pytest
from django.db import connection
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.test.utils import CaptureQueriesContext

from tests.access.conftest import info_of
from tests.graphql.rows import make_case, make_item
from workflow_events.access.policy import Policy
from workflow_events.access.visibilities import (
    AddressedGroups,
    Any,
    Authenticated,
    BaseVisibility,
    CreatedByGroup,
    filter_queryset_for,
)
from workflow_events.graphql.nodes import Case, Flow, Node, Task, Workflow, WorkItem
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

TYPES = [Case, Flow, Task, WorkItem, Workflow]


def rows_of(node, queryset=None):
    return node.model._default_manager.all() if queryset is None else queryset


def seen(visibilities, node, info, relation=None):
    """The rows that are left, as a list, so that a row that comes twice is seen."""
    policy = Policy(visibilities=tuple(visibilities))
    return list(policy.visible(node, rows_of(node).order_by("pk"), info, relation))


def untouched(visibilities, node, info=None, relation=None):
    """Whether the very queryset comes back."""
    queryset = rows_of(node)
    policy = Policy(visibilities=tuple(visibilities))
    return policy.visible(node, queryset, info, relation) is queryset


class Named(BaseVisibility):
    """Shows items of some names."""

    def __init__(self, *names):
        self.names = names

    @filter_queryset_for(WorkItem)
    def named(self, node, queryset, info):
        return queryset.filter(name__in=self.names)


class WithoutCases(BaseVisibility):
    @filter_queryset_for(Node)
    def all_others(self, node, queryset, info):
        return queryset

    @filter_queryset_for(models.Case)
    def cases(self, node, queryset, info):
        assert node is Case
        return queryset.none()


@pytest.fixture
def items(db):
    case = make_case()
    return {name: make_item(case, name=name) for name in "abc"}


@pytest.mark.parametrize("node", TYPES)
@pytest.mark.parametrize("visibilities", [(), (Any(),), (Any(), Any())])
def test_without_a_word_the_queryset_itself_comes_back(node, visibilities):
    assert untouched(visibilities, node)


@pytest.mark.parametrize("node", [Flow, Task, Workflow])
def test_a_class_that_says_nothing_of_a_node_leaves_it_alone(node):
    assert untouched([Named("a"), AddressedGroups()], node)


def test_a_model_is_the_same_as_its_node(items):
    assert seen([WithoutCases()], Case, None) == []
    assert len(seen([WithoutCases()], WorkItem, None)) == 3


@pytest.mark.parametrize("key", [Node, object])
@pytest.mark.parametrize("node", TYPES)
def test_node_and_object_are_every_type(key, node):
    asked = []

    class Everything(BaseVisibility):
        @filter_queryset_for(key)
        def everything(self, node, queryset, info):
            asked.append((node, info))
            return queryset

    assert untouched([Everything()], node, "info")
    assert asked == [(node, "info")]


def test_a_subclass_may_speak_of_the_model_where_its_parent_spoke_of_the_node(items):
    class Reversed(Named):
        @filter_queryset_for(models.WorkItem)
        def unnamed(self, node, queryset, info):
            return queryset.exclude(name__in=self.names)

    class Again(Reversed):
        @filter_queryset_for(WorkItem)
        def nothing(self, node, queryset, info):
            return queryset.none()

    assert seen([Named("a")], WorkItem, None) == [items["a"]]
    assert seen([Reversed("a")], WorkItem, None) == [items["b"], items["c"]]
    assert seen([Again("a")], WorkItem, None) == []


def test_several_classes_filter_one_after_another(items):
    assert seen([Named("a", "b"), Any(), Named("b", "c")], WorkItem, None) == [items["b"]]
    assert seen([Named("a"), Named("b")], WorkItem, None) == []


def test_what_was_filtered_ordered_and_annotated_stays_so(items):
    queryset = (
        models.WorkItem.objects.filter(case__family__isnull=False)
        .exclude(name="c")
        .annotate(parent_key=F("case__family_id"))
        .order_by("-name")
    )
    policy = Policy(visibilities=(Named("a", "b", "c"),))
    found = policy.visible(WorkItem, queryset, None)
    assert [item.name for item in found] == ["b", "a"]
    assert {item.parent_key for item in found} == {items["a"].case_id}


def first_of_each_case(queryset):
    number = Window(RowNumber(), partition_by="case", order_by="pk")
    return queryset.annotate(number=number).filter(number=1)


def test_a_window_may_choose_among_all_rows(items):
    class First(BaseVisibility):
        @filter_queryset_for(WorkItem)
        def first(self, node, queryset, info):
            rows = first_of_each_case(models.WorkItem.objects.all())
            return queryset.filter(pk__in=rows.values("pk"))

    found = Policy(visibilities=(First(),)).visible(WorkItem, models.WorkItem.objects.all(), None)
    assert {item.name for item in found} == {"a"}
    assert not found.filter(name="b").exists()


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda queryset: None, "gave None; it must return the queryset of WorkItem"),
        (list, "gave a list; it must return the queryset of WorkItem"),
        (lambda queryset: models.Case.objects.all(), "gave rows of Case; it must return"),
        (lambda queryset: queryset[:5], "gave a sliced, combined or windowed queryset"),
        (lambda queryset: queryset.union(queryset), "gave a sliced, combined or windowed queryset"),
        (first_of_each_case, "gave a sliced, combined or windowed queryset"),
        (lambda queryset: queryset.values("name"), "gave no instances"),
        (lambda queryset: queryset.values_list("pk", flat=True), "gave no instances"),
        (lambda queryset: queryset.reverse(), "gave rows in reverse"),
    ],
)
def test_what_is_no_queryset_of_the_model_is_an_error(db, give, said):
    class Wrong(BaseVisibility):
        @filter_queryset_for(WorkItem)
        def wrong(self, node, queryset, info):
            return give(queryset)

    with pytest.raises(TypeError, match=rf"\Atests\.access\..*Wrong\.wrong {said}"):
        seen([Wrong()], WorkItem, None)


class Suppressing(WithoutCases):
    suppress_visibilities = ("WorkItem.case", "WorkItem.child_case")


def test_a_suppressed_relation_is_not_filtered(items):
    case = items["a"].case
    assert untouched([Suppressing()], Case, None, "WorkItem.case")
    assert untouched([Suppressing()], Case, None, "WorkItem.child_case")
    assert seen([Suppressing()], Case, None) == []
    assert seen([Suppressing()], Case, None, "Case.family") == []
    assert seen([Suppressing()], Case, None, "WorkItem.case") == [case]


def test_only_the_class_that_suppresses_it_lets_it_pass(items):
    assert seen([Suppressing(), WithoutCases()], Case, None, "WorkItem.case") == []


def test_authenticated(items, clerk, anonymous):
    for node in TYPES:
        assert untouched([Authenticated()], node, clerk)
        with CaptureQueriesContext(connection) as queries:
            assert seen([Authenticated()], node, anonymous) == []
        assert len(queries) == 0


def test_created_by_group(db, clerk, stranger, groupless, anonymous):
    by_group = {
        group: make_case(group or "w", created_by_group=group)
        for group in ("clerks", "people", "others", None)
    }
    models.Workflow.objects.filter(slug="clerks").update(created_by_group="clerks")

    assert seen([CreatedByGroup()], Case, clerk) == [by_group["clerks"], by_group["people"]]
    assert [w.slug for w in seen([CreatedByGroup()], Workflow, clerk)] == ["clerks"]
    for info in (stranger, groupless, anonymous):
        assert seen([CreatedByGroup()], Case, info) == []


@pytest.fixture
def family(db):
    """A root case with two items for clerks, one of them done by a child case; and others."""
    root = make_case()
    child = make_case(family_id=root.pk)
    foreign = make_case()
    return {
        "root": root,
        "child": child,
        "foreign": foreign,
        "bare": make_case(),
        "item": make_item(root, addressed_groups=["clerks", "people"]),
        "parent": make_item(root, addressed_groups=["x", "clerks"], child_case=child),
        "inner": make_item(child, addressed_groups=["strangers"]),
        "nobody": make_item(root, addressed_groups=[]),
        "other": make_item(foreign, addressed_groups=["clerk"]),
    }


def named(family, rows):
    names = {row.pk: name for name, row in family.items()}
    return [names[row.pk] for row in rows]


def test_addressed_work_items(family, clerk, stranger, groupless, anonymous):
    def visible(info):
        return named(family, seen([AddressedGroups()], WorkItem, info))

    assert visible(clerk) == ["item", "parent"]
    assert visible(stranger) == ["inner"]
    assert visible(groupless) == visible(anonymous) == []


def test_cases_of_addressed_work_items(family, clerk, stranger, groupless, anonymous):
    def visible(info):
        return named(family, seen([AddressedGroups()], Case, info))

    assert visible(clerk) == ["root", "child"]
    assert visible(stranger) == ["child"]
    assert visible(info_of(BaseUser("x", ["x"]))) == ["root", "child"]
    assert visible(groupless) == visible(anonymous) == []


def test_addressed_groups_count_and_filter_on(family, clerk):
    policy = Policy(visibilities=(AddressedGroups(),))
    cases = policy.visible(Case, models.Case.objects.all(), clerk)
    assert isinstance(cases, QuerySet)
    assert cases.count() == 2
    assert cases.filter(work_items__name="t").distinct().count() == 2
    assert cases.exclude(pk=family["root"].pk).get() == family["child"]
    with CaptureQueriesContext(connection) as queries:
        assert len(list(cases.order_by("created_at")[:10])) == 2
    assert len(queries) == 1
