"""Visibility classes that could not work are refused at start."""

import re

import pytest

from tests.access.loader import ANY, load, refusal, restored
from tests.access.test_loading import Either, EveryNode
from workflow_events.access.permissions import AllowAny
from workflow_events.access.visibilities import BaseVisibility, Union, filter_queryset_for
from workflow_events.graphql import nodes
from workflow_events.graphql.mutations import StartCase
from workflow_events.graphql.types.task import SimpleTask
from workflow_events.workflow import models

HERE = __name__

_policy = pytest.fixture(autouse=True)(restored)


class OfAMutation(BaseVisibility):
    @filter_queryset_for(StartCase)
    def of_a_mutation(self, node, queryset, info):
        return queryset


class OfAKindOfTask(BaseVisibility):
    @filter_queryset_for(SimpleTask)
    def simple(self, node, queryset, info):
        return queryset


class OfATableBehind(BaseVisibility):
    @filter_queryset_for(models.TaskFlow)
    def behind(self, node, queryset, info):
        return queryset


class Twice(BaseVisibility):
    @filter_queryset_for(nodes.Task)
    def by_node(self, node, queryset, info):
        return queryset

    @filter_queryset_for(models.Task)
    def by_model(self, node, queryset, info):
        return queryset


class OnceEach(EveryNode):
    @filter_queryset_for(models.Task)
    def by_model(self, node, queryset, info):
        return queryset


class Inherited(Twice):
    pass


class Unknown(EveryNode):
    suppress_visibilities = ("WorkItem.case", "WorkItem.document")


class ToMany(EveryNode):
    suppress_visibilities = ("Case.work_items",)


class Text(EveryNode):
    suppress_visibilities = "WorkItem.case"


class NoRelations(EveryNode):
    suppress_visibilities = None


class Leaving(EveryNode):
    def __init__(self):
        raise SystemExit(3)


class APermission(AllowAny):
    pass


class NoMembers(Union):
    pass


class WrongMember(Union):
    visibility_classes = (EveryNode, "extensions.Own")


class WithTwice(Union):
    visibility_classes = (EveryNode, Either, Twice)


TWICE = r"Twice\.by_node and \.by_model both speak of Task: a node and its model are the same; leav"
RELATIONS = ", ".join(EveryNode.suppress_visibilities)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "OfAMutation",
            r"OfAMutation\.of_a_mutation is marked @filter_queryset_for\(StartCase\), which is "
            "none of Case, Delivery, Event, Flow, Node, Task, WorkItem, Workflow",
        ),
        ("OfAKindOfTask", r"OfAKindOfTask\.simple is .*\(SimpleTask\), which goes by Task: say t"),
        ("OfATableBehind", r"OfATableBehind\.behind is marked .*\(TaskFlow\), which is none of"),
        ("Twice", TWICE),
        ("Inherited", TWICE),
        ("WithTwice", TWICE),
        (
            "Unknown",
            r"Unknown\.suppress_visibilities: there is no relation 'WorkItem\.document'; it may "
            f"name {RELATIONS}$",
        ),
        ("ToMany", r"ToMany\.suppress_visibilities: there is no relation 'Case\.work_items'"),
        ("Text", r"Text\.suppress_visibilities is a str; write a list"),
        ("NoRelations", r"NoRelations\.suppress_visibilities is None; write a list"),
        ("Leaving", "cannot be made without arguments: SystemExit: 3"),
        ("NoMembers", "visibility_classes is empty; list subclasses of BaseVisibility"),
        ("WrongMember", "visibility_classes holds 'extensions.Own'; list subclasses"),
        ("APermission", "is no subclass of BaseVisibility"),
    ],
)
def test_a_visibility_that_could_not_work_is_refused(name, said):
    message = refusal(visibilities=[ANY, f"{HERE}.{name}"])
    assert re.match(rf"VISIBILITY_CLASSES: {re.escape(HERE)}\.{name}: {said}", message), message


def test_a_subclass_may_speak_of_the_model_where_its_parent_spoke_of_the_node():
    assert load(visibilities=[f"{HERE}.OnceEach"])
