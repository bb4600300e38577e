"""Dynamic tasks and groups: facts 2.8."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflow_events.workflow import dynamic
from workflow_events.workflow.dynamic import (
    BaseDynamicGroups,
    BaseDynamicTasks,
    register_dynamic_group,
    register_dynamic_task,
)
from workflow_events.workflow.errors import BadExpression

HERE = "tests.workflow.test_dynamic"


class First(BaseDynamicTasks):
    @register_dynamic_task("shared")
    def shared(self, case, user, prev_work_item, context):
        return "first"

    @register_dynamic_task("own")
    @register_dynamic_task("alias")
    def own(self, case, user, prev_work_item, context=None):
        return (case, user, prev_work_item, context)


class Second(BaseDynamicTasks):
    @register_dynamic_task("shared")
    def shared(self, case, user, prev_work_item, context):
        return "second"

    @register_dynamic_task("only-second")
    def only_second(self, *arguments):
        return ["a", "b"]


class Child(First):
    def own(self, case, user, prev_work_item, context):
        return "overridden"

    @register_dynamic_task("shared")
    def other(self, case, user, prev_work_item, context):
        return "child"


class Mixin:
    @register_dynamic_task("mixed")
    def mixed(self, case, user, prev_work_item, context):
        return "mixed"


class Mixed(Mixin, BaseDynamicTasks):
    pass


class Groups(BaseDynamicGroups):
    @register_dynamic_group("shared")
    def shared(self, task, case, user, prev_work_item, context):
        return {task}


class NoSubclass:
    pass


class Twice(BaseDynamicTasks):
    @register_dynamic_task("same")
    def one(self, case, user, prev_work_item, context):
        return []

    @register_dynamic_task("same")
    def two(self, case, user, prev_work_item, context):
        return []


class TooFew(BaseDynamicTasks):
    @register_dynamic_task("few")
    def few(self, case, user):
        return []


class TooMany(BaseDynamicGroups):
    @register_dynamic_group("many")
    def many(self, task, case, user, *, more):
        return []


class Asynchronous(BaseDynamicTasks):
    @register_dynamic_task("later")
    async def later(self, case, user, prev_work_item, context):
        return []


class Returning(BaseDynamicTasks):
    @register_dynamic_task("what")
    def what(self, case, user, prev_work_item, context):
        return context


@pytest.fixture
def load(settings):
    def load(*tasks, groups=()):
        settings.DYNAMIC_TASKS_CLASSES = [f"{HERE}.{cls.__name__}" for cls in tasks]
        settings.DYNAMIC_GROUPS_CLASSES = [f"{HERE}.{cls.__name__}" for cls in groups]
        dynamic.load_dynamic_classes()

    return load


def test_the_first_class_that_knows_the_name_wins(load):
    load(First, Second)
    assert dynamic.resolve_task("shared", None, None, None, None) == ["first"]
    assert dynamic.resolve_task("only-second", None, None, None, None) == ["a", "b"]
    load(Second, First)
    assert dynamic.resolve_task("shared", None, None, None, None) == ["second"]


def test_an_unknown_name_stands_for_itself(load):
    load(First)
    assert dynamic.resolve_task("unknown", None, None, None, None) == ["unknown"]
    assert dynamic.resolve_group("unknown", None, None, None, None, None) == ["unknown"]
    assert not dynamic.is_dynamic_task("unknown")


def test_tasks_and_groups_are_apart(load):
    load(First, groups=[Groups])
    assert dynamic.resolve_group("shared", "task", None, None, None, None) == ["task"]
    assert dynamic.resolve_group("own", "task", None, None, None, None) == ["own"]
    assert dynamic.is_dynamic_task("own")


def test_a_method_may_have_several_names_and_gets_its_arguments_in_order(load):
    load(First)
    for name in ("own", "alias"):
        assert dynamic.resolve_task(name, "c", "u", "p", "x") == ["c", "u", "p", "x"]


def test_inherited_methods_are_registered_and_may_be_overridden(load):
    load(Child)
    assert dynamic.resolve_task("own", None, None, None, None) == ["overridden"]
    assert dynamic.resolve_task("alias", None, None, None, None) == ["overridden"]
    assert dynamic.resolve_task("shared", None, None, None, None) == ["child"]
    load(Mixed)
    assert dynamic.resolve_task("mixed", None, None, None, None) == ["mixed"]


def test_the_decorated_method_is_returned_unchanged():
    assert First().shared(None, None, None, None) == "first"
    assert First.shared.__name__ == "shared"


def test_classes_are_loaded_once(load, settings):
    load(First)
    resolvers = dynamic._resolvers(dynamic._TASKS)
    dynamic.resolve_task("shared", None, None, None, None)
    assert dynamic._resolvers(dynamic._TASKS) is resolvers
    settings.DYNAMIC_TASKS_CLASSES = []
    assert dynamic.resolve_task("shared", None, None, None, None) == ["shared"]


@pytest.mark.parametrize("value", [None, 1, {"a": 1}, [1], ["a", None], True])
def test_a_wrong_result_names_the_class_and_the_method(load, value):
    load(Returning)
    with pytest.raises(BadExpression) as raised:
        dynamic.resolve_task("what", None, None, None, value)
    assert f"The dynamic task 'what', resolved by {HERE}.Returning.what, gave " in str(raised.value)


@pytest.mark.parametrize(
    ("tasks", "groups", "message"),
    [
        ([NoSubclass], [], f"DYNAMIC_TASKS_CLASSES: {HERE}.NoSubclass is no subclass of"),
        ([Groups], [], f"DYNAMIC_TASKS_CLASSES: {HERE}.Groups is no subclass of BaseDynamicTasks"),
        ([], [First], f"DYNAMIC_GROUPS_CLASSES: {HERE}.First is no subclass of BaseDynamicGroups"),
        ([Twice], [], f"DYNAMIC_TASKS_CLASSES: {HERE}.Twice registers 'same' twice, as one and"),
        (
            [TooFew],
            [],
            f"{HERE}.TooFew.few, registered as 'few', must take (self, case, user,",
        ),
        ([], [TooMany], f"DYNAMIC_GROUPS_CLASSES: {HERE}.TooMany.many, registered as 'many', must"),
        ([Asynchronous], [], "Asynchronous.later, registered as 'later', must be a plain function"),
    ],
)
def test_wrong_classes_are_refused_at_start(load, tasks, groups, message):
    with pytest.raises(ImproperlyConfigured) as raised:
        load(*tasks, groups=groups)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["nowhere.Missing"], "DYNAMIC_TASKS_CLASSES: nowhere.Missing: cannot be imported"),
        ([f"{HERE}.Missing"], f"DYNAMIC_TASKS_CLASSES: {HERE}.Missing: cannot be imported"),
        (["Missing"], "DYNAMIC_TASKS_CLASSES: Missing: cannot be imported"),
        (
            ["tests.broken.Tasks"],
            "DYNAMIC_TASKS_CLASSES: tests.broken.Tasks: fails to import",
        ),
        ("a.B", "DYNAMIC_TASKS_CLASSES must be a list of dotted paths"),
    ],
)
def test_wrong_settings_are_refused_at_start(settings, value, message):
    settings.DYNAMIC_TASKS_CLASSES = value
    with pytest.raises(ImproperlyConfigured) as raised:
        dynamic.load_dynamic_classes()
    assert message in str(raised.value)


def test_a_decorator_without_a_name_is_refused():
    with pytest.raises(ImproperlyConfigured, match='@register_dynamic_task\\("name"\\)'):
        register_dynamic_task(lambda: None)
    with pytest.raises(ImproperlyConfigured, match='@register_dynamic_group\\("name"\\)'):
        register_dynamic_group("")
