"""What several access classes do together, at the level of the policy: facts 5.3."""

from contextlib import suppress

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError

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
from workflow_events.graphql.mutations import (
    CancelCase,
    CaseMutation,
    CreateWorkItem,
    Mutation,
    SaveCase,
    SaveSimpleTask,
    SaveTask,
    SaveWorkItem,
    StartCase,
)
from workflow_events.workflow.models import Case


def chains(*mutations):
    return tuple(mutation.__mro__ for mutation in mutations)


def allowed(policy, mutation, info=None, governed_by=None):
    try:
        policy.check_permission(governed_by or chains(mutation), mutation, info)
    except PermissionDenied:
        return False
    return True


class OnlyCases(BasePermission):
    @permission_for(Mutation)
    def nothing(self, mutation, info):
        return False

    @permission_for(CaseMutation)
    def cases(self, mutation, info):
        return True

    @permission_for(CancelCase)
    def but_cancel(self, mutation, info):
        return info == "root"


class OnlyTasks(BasePermission):
    @permission_for(object)
    def nothing(self, mutation, info):
        return False

    @permission_for(SaveTask)
    def tasks(self, mutation, info):
        return True


@pytest.mark.parametrize("permissions", [(), (AllowAny(),)])
def test_without_a_word_everything_is_allowed(permissions):
    policy = Policy(permissions=permissions)
    assert allowed(policy, SaveCase)
    assert not policy.has_object_permissions(chains(SaveCase))
    policy.check_object_permission(chains(SaveCase), SaveCase, None, None)


def test_the_nearest_parent_of_a_mutation_decides():
    policy = Policy(permissions=(OnlyCases(),))
    assert allowed(policy, SaveCase)
    assert allowed(policy, StartCase)
    assert not allowed(policy, CancelCase)
    assert allowed(policy, CancelCase, "root")
    assert not allowed(policy, SaveSimpleTask)


def test_an_abstract_parent_is_a_catch_all():
    policy = Policy(permissions=(OnlyTasks(),))
    assert allowed(policy, SaveSimpleTask)
    assert not allowed(policy, SaveCase)


def test_what_is_said_of_save_case_holds_for_start_case():
    class NoCases(BasePermission):
        @permission_for(SaveCase)
        def no_cases(self, mutation, info):
            assert mutation is StartCase
            return False

    assert not allowed(Policy(permissions=(NoCases(),)), StartCase)


def test_all_classes_must_agree():
    for permissions in ((OnlyCases(), OnlyTasks()), (OnlyTasks(), OnlyCases())):
        policy = Policy(permissions=permissions)
        assert not allowed(policy, SaveCase)
        assert not allowed(policy, SaveSimpleTask)
    assert allowed(Policy(permissions=(OnlyCases(), AllowAny())), SaveCase)


class Counting(BasePermission):
    def __init__(self):
        self.asked = []

    @permission_for(SaveWorkItem)
    def to_save(self, mutation, info):
        self.asked.append("save")
        return True

    @permission_for(CreateWorkItem)
    def to_create(self, mutation, info):
        self.asked.append("create")
        return info

    @object_permission_for(Mutation)
    def object(self, mutation, info, instance):
        self.asked.append(instance)
        return True


def test_every_chain_of_a_mutation_must_agree():
    counting = Counting()
    policy = Policy(permissions=(counting,))
    governed_by = chains(SaveWorkItem, CreateWorkItem)
    assert allowed(policy, SaveWorkItem, True, governed_by)
    assert not allowed(policy, SaveWorkItem, False, governed_by)
    assert counting.asked == ["save", "create"] * 2


def test_a_method_found_through_two_chains_is_called_once():
    counting = Counting()
    policy = Policy(permissions=(counting,))
    governed_by = chains(SaveWorkItem, CreateWorkItem)
    assert policy.has_object_permissions(governed_by)
    policy.check_object_permission(governed_by, SaveWorkItem, None, "item")
    assert counting.asked == ["item"]


def test_a_denial_ends_it_and_names_the_mutation_but_no_object():
    class Never(BasePermission):
        @permission_for(CancelCase)
        @object_permission_for(SaveCase)
        def never(self, mutation, info, instance=None):
            return False

    class NotAsked(BasePermission):
        @permission_for(Mutation)
        @object_permission_for(Mutation)
        def not_asked(self, mutation, info, instance=None):
            raise AssertionError

    policy = Policy(permissions=(Never(), NotAsked()))
    with pytest.raises(PermissionDenied) as denied:
        policy.check_permission(chains(CancelCase), CancelCase, None)
    assert str(denied.value) == "You are not permitted to do this: CancelCase."
    with pytest.raises(PermissionDenied) as denied:
        policy.check_object_permission(chains(SaveCase), SaveCase, None, Case(meta="secret"))
    assert str(denied.value) == "You are not permitted to do this: SaveCase."


def test_a_class_may_give_its_own_reason():
    class Reasoned(BasePermission):
        @permission_for(Mutation)
        def reasoned(self, mutation, info):
            raise PermissionDenied("Only on Mondays.")

    with pytest.raises(PermissionDenied, match=r"\AOnly on Mondays\.\Z"):
        Policy(permissions=(Reasoned(),)).check_permission(chains(SaveCase), SaveCase, None)


@pytest.mark.parametrize("answer", [None, 1, 0, "", "yes", []])
def test_what_is_no_bool_is_an_error_and_no_denial(answer):
    class Forgetful(BasePermission):
        @permission_for(Mutation)
        @object_permission_for(Mutation)
        def forgetful(self, mutation, info, instance=None):
            return answer

    policy = Policy(permissions=(Forgetful(),))
    said = r"\Atests\.access\.test_policy\..*Forgetful\.forgetful gave .*; it must return True or"
    with pytest.raises(TypeError, match=said):
        policy.check_permission(chains(SaveCase), SaveCase, None)
    with pytest.raises(TypeError, match=said):
        policy.check_object_permission(chains(SaveCase), SaveCase, None, None)


def test_is_authenticated(clerk, anonymous):
    policy = Policy(permissions=(IsAuthenticated(),))
    assert allowed(policy, SaveCase, clerk)
    assert not allowed(policy, SaveCase, anonymous)
    assert not policy.has_object_permissions(chains(SaveCase))


def test_created_by_group_looks_at_the_object_only(clerk, stranger, groupless, anonymous):
    policy = Policy(permissions=(CreatedByGroup(),))

    def may(info, group):
        try:
            instance = Case(created_by_group=group)
            policy.check_object_permission(chains(SaveCase), SaveCase, info, instance)
        except PermissionDenied:
            return False
        return True

    for info in (clerk, stranger, groupless, anonymous):
        assert allowed(policy, SaveCase, info)
    assert policy.has_object_permissions(chains(CancelCase))
    assert may(clerk, "clerks")
    assert may(clerk, "people")
    assert not may(stranger, "clerks")
    assert not may(groupless, "clerks")
    for info in (clerk, stranger, groupless, anonymous):
        assert not may(info, None)


class Noting(BaseValidation):
    def __init__(self, note):
        self.note = note

    @validation_for(Mutation)
    def add(self, mutation, data, info):
        return {**data, "notes": [*data.get("notes", ()), (self.note, mutation, info)]}

    @validation_for(CancelCase)
    def refuse(self, mutation, data, info):
        raise ValidationError(f"{self.note} refuses.")


def test_validations_are_chained_in_order():
    policy = Policy(validations=(Noting("first"), Noting("second")))
    given = {"id": 1}
    assert policy.has_validations(chains(SaveCase))
    assert policy.validate(chains(SaveCase), SaveCase, given, "info") == {
        "id": 1,
        "notes": [("first", SaveCase, "info"), ("second", SaveCase, "info")],
    }
    assert given == {"id": 1}


def test_the_first_validation_that_refuses_ends_it():
    policy = Policy(validations=(Noting("first"), Noting("second")))
    with pytest.raises(ValidationError, match="first refuses"):
        policy.validate(chains(CancelCase), CancelCase, {}, None)


def test_without_validations_the_data_is_what_was_given():
    given = {"id": 1}
    assert Policy().validate(chains(SaveCase), SaveCase, given, None) is given
    assert not Policy().has_validations(chains(SaveCase))


@pytest.mark.parametrize("result", [None, True, [], "data"])
def test_a_validation_that_gives_no_dict_is_an_error(result):
    class Forgetful(BaseValidation):
        @validation_for(Mutation)
        def forgetful(self, mutation, data, info):
            return result

    policy = Policy(validations=(Forgetful(),))
    with pytest.raises(
        TypeError, match=r"Forgetful\.forgetful gave .*; it must return the data, a dict"
    ):
        policy.validate(chains(SaveCase), SaveCase, {}, None)


def test_methods_are_looked_up_once():
    policy = Policy(permissions=(OnlyCases(),))
    assert allowed(policy, SaveCase)
    [prepared] = policy._prepared.values()
    assert allowed(policy, SaveCase)
    assert [prepared] == list(policy._prepared.values())
    assert not allowed(policy, CancelCase)
    assert len(policy._prepared) == 2


def test_a_policy_is_in_force_for_a_while():
    before = policies.current()
    inner, outer = Policy(), Policy()
    with policies.using(outer) as used:
        assert policies.current() is used is outer
        with suppress(RuntimeError), policies.using(inner):
            assert policies.current() is inner
            raise RuntimeError
        assert policies.current() is outer
    assert policies.current() is before


def test_before_the_classes_are_loaded_nothing_is_in_force(monkeypatch):
    monkeypatch.setattr(policies, "_in_force", [])
    with pytest.raises(ImproperlyConfigured):
        policies.current()
