"""Group expressions: facts 2.5 and 2.7."""

import pytest

from workflow_events.workflow.errors import BadExpression
from workflow_events.workflow.expressions import groups

pytestmark = pytest.mark.usefixtures("dynamic_classes")


@pytest.fixture
def evaluate(task, case, user, work_item):
    def evaluate(expression, context=None, previous=work_item):
        return groups.evaluate_groups(
            expression,
            task=task,
            case=case,
            user=user,
            previous_work_item=previous,
            context=context,
        )

    return evaluate


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (None, []),
        ("null", []),
        ("[]", []),
        ("['b', 'a', 'b']", ["a", "b"]),
        ("'a'", ["a"]),
        ("['b', 'a', 'b']|groups", ["a", "b"]),
        ("['departments', 'a']|groups", ["a", "fire", "water"]),
        ("['departments']", ["departments"]),
        ("[null, 'a']|groups", ["a"]),
        ("[null, 'a']", ["a"]),
        ("null|groups", []),
        ("[['a'], 'b']", ["a", "b"]),
        ("info.case.created_by_group", ["town"]),
        ("info.work_item.created_by_group", ["fire"]),
        ("info.work_item.created_by_user", ["bob"]),
        ("info.work_item.task", ["decide"]),
        ("info.prev_work_item.addressed_groups", ["fire", "water"]),
        ("info.prev_work_item.controlling_groups", ["town"]),
        ("info.context.addressed_groups", ["x", "y"]),
        ("info.context.addressed_groups|groups", ["x", "y"]),
        ("info.context.controlling_groups", []),
        ("info.context.office.group", ["z"]),
        ("info.user.groups", ["fire", "town"]),
        ("info.user.group == 'fire' ? ['a']|groups : []", ["a"]),
    ],
)
def test_groups(evaluate, expression, names):
    context = {"addressed_groups": ["y", "x"], "office": {"group": "z"}}
    assert evaluate(expression, context) == names


@pytest.mark.parametrize(
    "expression",
    [
        "info.prev_work_item.addressed_groups",
        "info.prev_work_item.controlling_groups",
        "info.context.addressed_groups",
        "info.context.addressed_groups|groups",
    ],
)
def test_without_predecessor_and_context_there_are_no_groups(evaluate, expression):
    assert evaluate(expression, None, previous=None) == []


def test_dynamic_groups_are_given_task_case_user_previous_item_and_context(evaluate):
    assert evaluate("['seen']|groups", {"k": 1}) == ["decide permit bob review {'k': 1}"]
    assert evaluate("['seen']|groups", None, previous=None) == ["decide permit bob None None"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1", "and gives a number"),
        ("'a'|groups", "`groups` needs a list, and its subject is a string"),
        ("info.context.x.y", "`.y` asks null for an attribute"),
        ("'a'|task", "there is no transform `task` here"),
        ("['null']|groups", "dynamic_classes.Departments.null, gave NoneType"),
        ("", "it is empty"),
    ],
)
def test_failures(evaluate, expression, message):
    with pytest.raises(BadExpression) as raised:
        evaluate(expression)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "expression",
    ["['a']|groups", "[]", "'a'", "info.context.x|groups", "x ? ['a']|groups : ['b']|groups"],
)
def test_check_accepts(expression):
    groups.check(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'a'|groups", "the subject of `groups` must be a list"),
        ("1|groups", "the subject of `groups` must be a list"),
        ("[{a: {}|groups}]", "the subject of `groups` must be a list"),
        ("['a'|nothing]", "there is no transform `nothing` here"),
        ("['a'", "a `[` is not closed (at character 1)"),
        ("'a' +", "it does not parse: there is something wrong at '+' (at character 5)"),
    ],
)
def test_check_refuses(expression, message):
    with pytest.raises(BadExpression) as raised:
        groups.check(expression)
    assert message in str(raised.value)
    assert repr(expression) in str(raised.value)
