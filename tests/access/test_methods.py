"""Marking methods, collecting them, finding them: facts 5.3."""

import functools
import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflow_events.access.permissions import (
    OBJECT_PERMISSION,
    PERMISSION,
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for

HERE = __name__

DECORATORS = {
    permission_for: (BasePermission, "self, mutation, info"),
    object_permission_for: (BasePermission, "self, mutation, info, instance"),
    filter_queryset_for: (BaseVisibility, "self, node, queryset, info"),
    validation_for: (BaseValidation, "self, mutation, data, info"),
}


class Root: ...


class Parent(Root): ...


class Child(Parent): ...


def chain(cls):
    return tuple((parent,) for parent in cls.__mro__)


class Base(BasePermission):
    @permission_for(Root)
    def of_root(self, mutation, info):
        return "root"

    @permission_for(Child)
    @object_permission_for(Parent)
    def of_child(self, mutation, info, instance=None):
        return "child"


def test_the_nearest_parent_that_has_a_method_decides():
    found = {cls: Base().method_for(PERMISSION, chain(cls)) for cls in (Root, Parent, Child)}
    assert {cls: method(None, None) for cls, method in found.items()} == {
        Root: "root",
        Parent: "root",
        Child: "child",
    }


def test_kinds_are_apart():
    assert Base().method_for(OBJECT_PERMISSION, chain(Root)) is None
    assert Base().method_for(OBJECT_PERMISSION, chain(Child))(None, None, None) == "child"


def test_nothing_is_found_for_another_class():
    class Other: ...

    assert Base().method_for(PERMISSION, chain(Other)) is None


def test_methods_are_inherited_and_a_subclass_has_the_last_word():
    class Derived(Base):
        def of_root(self, mutation, info):
            return "overridden: " + super().of_root(mutation, info)

        @permission_for(Child)
        def another(self, mutation, info):
            return "another"

    assert Derived().method_for(PERMISSION, chain(Parent))(None, None) == "overridden: root"
    assert Derived().method_for(PERMISSION, chain(Child))(None, None) == "another"
    assert Base().method_for(PERMISSION, chain(Child))(None, None) == "child"


def test_a_mixin_may_hold_marked_methods():
    class Mixin:
        @permission_for(Parent)
        def mixed(self, mutation, info):
            return "mixed"

    class Mixed(Mixin, BasePermission): ...

    assert Mixed().method_for(PERMISSION, chain(Child))(None, None) == "mixed"


def test_of_several_classes_that_mean_the_same_the_most_derived_word_counts():
    class Derived(Base):
        @permission_for(Parent)
        def of_parent(self, mutation, info):
            return "parent"

    for same in ((Root, Parent), (Parent, Root)):
        assert Derived().method_for(PERMISSION, [same])(None, None) == "parent"


def test_a_class_may_be_of_two_kinds():
    class Both(BasePermission, BaseValidation):
        @permission_for(Root)
        def allowed(self, mutation, info):
            return True

        @validation_for(Root)
        def validated(self, mutation, data, info):
            return data

    assert {key for _, key in Both.entries} == {Root}
    assert len(Both.entries) == 2


def test_the_decorated_method_is_returned_unchanged():
    assert Base().of_root(None, None) == "root"
    assert Base.of_root.__name__ == "of_root"


def test_marks_stay_under_a_decorator_that_wraps():
    def shouting(method):
        @functools.wraps(method)
        def shout(self, mutation, info):
            return method(self, mutation, info).upper()

        return shout

    class Shouting(BasePermission):
        @shouting
        @permission_for(Root)
        def said(self, mutation, info):
            return "root"

    assert Shouting().method_for(PERMISSION, chain(Child))(None, None) == "ROOT"


@pytest.mark.parametrize("decorator", DECORATORS)
def test_two_methods_of_a_class_may_not_speak_of_the_same(decorator):
    base, parameters = DECORATORS[decorator]
    one = decorator(Root)(method_of("one", parameters))
    two = decorator(Root)(method_of("two", parameters))
    with pytest.raises(
        ImproperlyConfigured,
        match=rf"Twice: one and two are both marked @{decorator.__name__}\(Root\); leave one",
    ):
        type("Twice", (base,), {"one": one, "two": two})


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("parameters", ["self", "self, a", "self, a, b, c, d, e", "self, *, more"])
def test_a_method_that_cannot_be_called_is_refused(decorator, parameters):
    base, wanted = DECORATORS[decorator]
    with pytest.raises(
        ImproperlyConfigured,
        match=re.escape(f".wrong, marked @{decorator.__name__}(Root), must take ({wanted}): "),
    ):
        type("Wrong", (base,), {"wrong": decorator(Root)(method_of("wrong", parameters))})


@pytest.mark.parametrize("decorator", DECORATORS)
def test_more_parameters_are_fine_with_defaults(decorator):
    base, parameters = DECORATORS[decorator]
    method = method_of("fine", parameters + ", more=None, *rest, **others")
    assert type("Fine", (base,), {"fine": decorator(Root)(method)}).entries


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("source", ["async def {}({}): ...", "def {}({}): yield"])
def test_a_method_must_answer_at_once(decorator, source):
    base, parameters = DECORATORS[decorator]
    with pytest.raises(
        ImproperlyConfigured, match=r"\.later, .*, must be a plain method, neither async"
    ):
        type("Later", (base,), {"later": decorator(Root)(method_of("later", parameters, source))})


@pytest.mark.parametrize("decorator", DECORATORS)
def test_a_decorator_needs_a_class(decorator):
    def forgotten(self): ...

    for value, said in (
        (forgotten, r"the function .*forgotten"),
        ("Root", r"'Root' \(str\)"),
        (None, "None"),
        (Root(), "Root object"),
    ):
        with pytest.raises(
            ImproperlyConfigured,
            match=rf"@{decorator.__name__} takes a class, as in .* and was given .*{said}",
        ):
            decorator(value)


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("wrapper", [staticmethod, classmethod, property, functools.partial])
def test_a_decorator_belongs_above_a_plain_method(decorator, wrapper):
    with pytest.raises(ImproperlyConfigured, match=r"\(Root\) belongs above the def of a plain"):
        decorator(Root)(wrapper(lambda *_: True))


@pytest.mark.parametrize("decorator", DECORATORS)
def test_a_mark_of_another_kind_is_refused(decorator):
    base, parameters = DECORATORS[decorator]
    for other in {BasePermission, BaseVisibility, BaseValidation} - {base}:
        with pytest.raises(ImproperlyConfigured, match=r"\.lost, .* would never be called"):
            type("Lost", (other,), {"lost": decorator(Root)(method_of("lost", parameters))})


def test_a_marked_method_may_not_be_hidden():
    for value in (None, True, staticmethod(lambda mutation, info: True)):
        with pytest.raises(ImproperlyConfigured, match=r"Hiding\.of_root, .* is redefined as "):
            type("Hiding", (Base,), {"of_root": value})


def test_a_redefined_method_is_not_called_for_what_another_was_meant():
    with pytest.raises(
        ImproperlyConfigured,
        match=r"Moved\.of_root, marked @permission_for\(Root\), in .*Base is redefined with other",
    ):

        class Moved(Base):
            @permission_for(Child)
            def of_root(self, mutation, info):
                return True


def method_of(name, parameters, source="def {}({}): return True"):
    """Return a function of that name with these parameters."""
    found = {}
    exec(source.format(name, parameters), found)
    return found[name]
