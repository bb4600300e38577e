"""Access classes are loaded once at start, or the start says in one line why not."""

import re

import pytest

from tests.access.loader import ALLOW_ANY, ANY, load, refusal, restored
from workflow_events.access import policy as policies
from workflow_events.access.permissions import (
    AllowAny,
    BasePermission,
    CreatedByGroup,
    IsAuthenticated,
    object_permission_for,
    permission_for,
)
from workflow_events.access.policy import Policy
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import (
    AddressedGroups,
    Any,
    BaseVisibility,
    Union,
    filter_queryset_for,
)
from workflow_events.graphql import nodes
from workflow_events.graphql.mutations import DryRun, Mutation, SaveTask, StartCase
from workflow_events.workflow import models

HERE = __name__

_policy = pytest.fixture(autouse=True)(restored)


class EveryMutation(BasePermission):
    @permission_for(object)
    @permission_for(Mutation)
    @permission_for(SaveTask)
    @permission_for(StartCase)
    def allowed(self, mutation, info):
        return True


class EveryNode(BaseVisibility):
    suppress_visibilities = (
        "Case.family",
        "Case.parent_work_item",
        "Case.workflow",
        "Delivery.event",
        "WorkItem.case",
        "WorkItem.child_case",
        "WorkItem.previous_work_item",
        "WorkItem.task",
    )

    @filter_queryset_for(object)
    @filter_queryset_for(nodes.Node)
    @filter_queryset_for(nodes.Case)
    @filter_queryset_for(nodes.WorkItem)
    @filter_queryset_for(nodes.Task)
    @filter_queryset_for(models.Workflow)
    @filter_queryset_for(models.Flow)
    def shown(self, node, queryset, info):
        return queryset


class OneValidation(BaseValidation):
    @validation_for(Mutation)
    def validate(self, mutation, data, info):
        return data


class Either(Union):
    visibility_classes = (EveryNode, AddressedGroups)


class Everybody(AllowAny):
    pass


def test_the_classes_are_in_force_in_their_order():
    loaded = load(
        permissions=[
            f"{HERE}.EveryMutation",
            "workflow_events.access.permissions.IsAuthenticated",
            "workflow_events.access.permissions.CreatedByGroup",
            f"{HERE}.Everybody",
        ],
        visibilities=[f"{HERE}.Either", f"{HERE}.EveryNode", ANY],
        validations=[f"{HERE}.OneValidation"],
    )
    assert policies.current() is loaded
    assert [type(permission) for permission in loaded.permissions] == [
        EveryMutation,
        IsAuthenticated,
        CreatedByGroup,
        Everybody,
    ]
    assert [type(visibility) for visibility in loaded.visibilities] == [Either, EveryNode, Any]
    assert [type(validation) for validation in loaded.validations] == [OneValidation]


def test_the_service_has_loaded_what_its_settings_name():
    loaded = policies.current()
    assert [type(permission) for permission in loaded.permissions] == [AllowAny]
    assert [type(visibility) for visibility in loaded.visibilities] == [Any]
    assert loaded.validations == ()
    assert loaded == Policy(loaded.permissions, loaded.visibilities)


@pytest.mark.parametrize(
    ("setting", "kind", "name"),
    [
        ("PERMISSION_CLASSES", "permissions", ALLOW_ANY),
        ("VISIBILITY_CLASSES", "visibilities", ANY),
    ],
)
def test_an_empty_list_does_not_mean_everybody(setting, kind, name):
    assert refusal(**{kind: []}) == (
        f"{setting}: is empty; name {name} to restrict nobody, on purpose"
    )


class OneObjectPermission(BasePermission):
    @object_permission_for(Mutation)
    def allowed_for(self, mutation, info, instance):
        return True


class NoBase:
    @permission_for(Mutation)
    def allowed(self, mutation, info):
        return True


class Nothing(BasePermission):
    def allowed(self, mutation, info):
        return False


class OverridesToo(BasePermission):
    @permission_for(Mutation)
    def allowed(self, mutation, info):
        return True

    def has_permission(self, mutation, info):
        return False


class OverridesForObjects(OneObjectPermission):
    def has_object_permission(self, mutation, info, instance):
        return False


class OfANode(BasePermission):
    @permission_for(nodes.Case)
    def of_a_node(self, mutation, info):
        return True


class OfDryRuns(BasePermission):
    @permission_for(DryRun)
    def anybody(self, mutation, info):
        return True


class ObjectOfADryRun(OfDryRuns):
    @object_permission_for(DryRun)
    def owns_it(self, mutation, info, instance):
        return False


class ObjectOfAModel(BasePermission):
    @object_permission_for(models.Case)
    def of_a_model(self, mutation, info, instance):
        return True


class Choosy(BasePermission):
    def __init__(self, choice):
        self.choice = choice

    @permission_for(Mutation)
    def chosen(self, mutation, info):
        return True


no_class = EveryMutation()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.Missing", "cannot be imported; correct the dotted path or what it imports: No"),
        (f"{HERE}.Missing", 'cannot be imported; .*"Missing"'),
        ("Missing", "cannot be imported; correct the dotted path"),
        ("", "cannot be imported; correct the dotted path"),
        ("tests.broken.Tasks", "fails to import: ZeroDivisionError: on purpose"),
        (f"{HERE}.NoBase", "is no subclass of BasePermission; name a class that is, or move it"),
        (f"{HERE}.EveryNode", "is no subclass of BasePermission"),
        (f"{HERE}.no_class", "is no subclass of BasePermission"),
        (
            "workflow_events.access.permissions.BasePermission",
            "is only a base; name a class derived from it",
        ),
        (
            f"{HERE}.Nothing",
            "Nothing has no method marked @permission_for or @object_permission_for, so that it "
            "does nothing; mark one",
        ),
        (
            f"{HERE}.OverridesToo",
            r"OverridesToo\.has_permission would not be called; mark what it does "
            r"@permission_for, or give it another name",
        ),
        (
            f"{HERE}.OverridesForObjects",
            r"OverridesForObjects\.has_object_permission would not be called; mark what it does "
            r"@object_permission_for",
        ),
        (
            f"{HERE}.OfANode",
            r"OfANode\.of_a_node is marked @permission_for\(Case\), which is no mutation",
        ),
        (
            f"{HERE}.ObjectOfADryRun",
            r"ObjectOfADryRun\.owns_it is marked @object_permission_for\(DryRun\), and would not "
            r"be called: only @permission_for decides about that",
        ),
        (
            f"{HERE}.ObjectOfAModel",
            r"ObjectOfAModel\.of_a_model is marked @object_permission_for\(Case\), which is no m",
        ),
        (f"{HERE}.Choosy", "cannot be made without arguments: TypeError: .*'choice'"),
    ],
)
def test_a_permission_that_could_not_work_is_refused(path, said):
    message = refusal(permissions=[ALLOW_ANY, path])
    assert re.match(rf"PERMISSION_CLASSES: {re.escape(path)}: {said}", message), message


class Prepares(EveryNode):
    def filter_queryset(self, node, queryset, info):
        return queryset


class EitherPrepared(Union):
    visibility_classes = (AddressedGroups, Prepares)


@pytest.mark.parametrize("name", ["Prepares", "EitherPrepared"])
def test_a_visibility_that_overrides_its_base_is_refused(name):
    assert refusal(visibilities=[f"{HERE}.{name}"]) == (
        f"VISIBILITY_CLASSES: {HERE}.{name}: Prepares.filter_queryset would not be called; mark "
        "what it does @filter_queryset_for, or give it another name if you call it yourself"
    )


class ValidatesNothing(BaseValidation):
    def checked(self, mutation, data, info):
        return data


class Validates(BaseValidation):
    def validate(self, mutation, data, info):
        return data


class OfADryRun(BaseValidation):
    @validation_for(DryRun)
    def checked(self, mutation, data, info):
        return data


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EveryMutation", "is no subclass of BaseValidation"),
        (
            "OfADryRun",
            r"OfADryRun\.checked is marked @validation_for\(DryRun\), and would not be c",
        ),
        ("ValidatesNothing", "ValidatesNothing has no method marked @validation_for, so"),
        (
            "Validates",
            r"Validates\.validate would not be called; mark what it does @validation_for",
        ),
    ],
)
def test_a_validation_that_could_not_work_is_refused(name, said):
    message = refusal(validations=[f"{HERE}.{name}"])
    assert re.match(rf"VALIDATION_CLASSES: {re.escape(HERE)}\.{name}: {said}", message), message


def test_a_permission_for_dry_runs_is_loaded():
    policy = load(permissions=[f"{HERE}.OfDryRuns"])
    assert isinstance(policy.permissions[0], OfDryRuns)


def test_a_class_that_cannot_be_defined_is_refused_with_its_setting(monkeypatch, tmp_path):
    (tmp_path / "undefinable.py").write_text(
        "from workflow_events.access.permissions import BasePermission, permission_for\n"
        "class Own(BasePermission):\n"
        "    @permission_for\n"
        "    def allowed(self, mutation, info): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    message = refusal(permissions=["undefinable.Own"])
    assert re.match(
        r"PERMISSION_CLASSES: undefinable\.Own: fails to import: ImproperlyConfigured: "
        r"@permission_for takes a class, as in @permission_for\(SaveCase\)",
        message,
    )
