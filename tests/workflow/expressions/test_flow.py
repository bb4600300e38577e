"""Flow expressions: facts 2.1 and 2.7."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from workflow_events.workflow.errors import BadExpression, ErrorCode
from workflow_events.workflow.expressions import flow

pytestmark = pytest.mark.usefixtures("dynamic_classes")


@pytest.fixture
def evaluate(case, user, work_item):
    def evaluate(expression, context=None):
        return flow.evaluate_next(
            expression, case=case, user=user, work_item=work_item, context=context
        )

    return evaluate


@pytest.mark.parametrize(
    ("expression", "slugs"),
    [
        ("'a'|task", ["a"]),
        ("['a']|tasks", ["a"]),
        ("['b', 'a', 'b']|tasks", ["a", "b"]),
        ("[['b'], 'a']|tasks", ["a", "b"]),
        ("[]|tasks", []),
        ("[]", []),
        ("'a'", ["a"]),
        ("['b'|task, 'a'|task, ['b', 'c']|tasks]", ["b", "a", "c"]),
        ("true ? 'a'|task : 'b'|task", ["a"]),
        ("(false ? 'a' : 'b')|task", ["b"]),
        ("(false ? ['a'] : ['b', 'a'])|tasks", ["a", "b"]),
        ("'after-review'|task", ["publish"]),
        ("['everybody', 'a']|tasks", ["a", "fire", "water"]),
        ("['nobody']|tasks", []),
        ("'nobody'|task", []),
        ("'everybody'", ["everybody"]),
    ],
)
def test_what_comes_next(evaluate, expression, slugs):
    assert evaluate(expression) == slugs


def test_dynamic_tasks_are_given_case_user_previous_item_and_context(evaluate, case, work_item):
    assert evaluate("['seen']|tasks", {"k": 1}) == ["bob-{'k': 1}", "permit-review"]
    assert flow.evaluate_redoable("['seen']|tasks", case=case, work_item=work_item) == [
        "None-None",
        "permit-review",
    ]


@pytest.mark.parametrize(
    ("expression", "slugs"),
    [
        ("info.case.meta.n > 2 ? 'a'|task : 'b'|task", ["a"]),
        ("info.case.meta.tags", ["x"]),
        ("info.case == info.case ? 'a'|task : 'b'|task", ["a"]),
        ("info.case.workflow", ["permit"]),
        ("info.case.created_by_user", ["ann"]),
        ("info.case.created_by_group", ["town"]),
        ("info.case.created_at", ["2026-01-02T00:00:00+00:00"]),
        ("info.case.status", ["running"]),
        ("info.case.nothing || 'a'", ["a"]),
        ("info.work_item.task", ["review"]),
        ("info.work_item.name", ["Review"]),
        ("info.work_item.status", ["completed"]),
        ("info.work_item.addressed_groups", ["fire", "water"]),
        ("info.work_item.controlling_groups[0]", ["town"]),
        ("info.work_item.closed_by_user", ["bob"]),
        ("info.work_item.case.workflow", ["permit"]),
        ("info.work_item['task']", ["review"]),
        ("info.work_item.deadline || 'none'", ["none"]),
        ("info.user.username", ["bob"]),
        ("info.user.group", ["fire"]),
        ("info.user.groups", ["fire", "town"]),
        ("'town' in info.user.groups ? 'a'|task : 'b'|task", ["a"]),
        ("info.context.next|length == 1 ? info.context.next[0] : 'b'", ["c"]),
        ("[info.context.rows[.ok]|mapby('slug')]|flatten", ["d"]),
    ],
)
def test_flows_see_info(evaluate, expression, slugs):
    context = {"next": ["c"], "rows": [{"ok": True, "slug": "d"}, {"ok": False, "slug": "e"}]}
    assert evaluate(expression, context) == slugs


def test_no_user_and_no_context_have_null_attributes(case, work_item, evaluate):
    expression = "info.user.username || info.context.x || 'a'"
    assert flow.evaluate_redoable(expression, case=case, work_item=work_item) == ["a"]
    assert evaluate("info.context.x || 'a'", None) == ["a"]


def test_ids_are_strings(evaluate, case, work_item):
    assert evaluate("[info.case.id, info.work_item.id]") == [str(case.pk), str(work_item.pk)]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("null", "it gives null; write `[]|tasks`"),
        ("[null]", "it gives null"),
        ("1", "it must give a string or a list of strings, and gives a number"),
        ("[true]", "and gives a boolean"),
        ("info.case", "and gives an object"),
        ("info.case|stringify", "`stringify` cannot write a case with id, workflow,"),
        ("{a: 1}", "and gives an object"),
        ("'everybody'|task", "the dynamic task 'everybody' gives 3 tasks"),
        ("[]|task", "`task` needs a string, and its subject is a list"),
        ("'a'|tasks", "`tasks` needs a list, and its subject is a string"),
        ("[1]|tasks", "`tasks` needs strings, and its list has a number"),
        ("info.work_item.deadline.year", "`.year` asks null for an attribute"),
        ("info.case.save.x", "`.x` asks null for an attribute"),
        ("['a']|groups", "there is no transform `groups` here"),
        ("'null'|task", "dynamic_classes.Choices.null, gave NoneType"),
        ("['numbers']|tasks", "dynamic_classes.Choices.numbers, gave int"),
    ],
)
def test_failures_are_bad_expressions_that_quote_them(evaluate, expression, message):
    with pytest.raises(BadExpression) as raised:
        evaluate(expression)
    assert message in str(raised.value)
    assert raised.value.code == ErrorCode.BAD_EXPRESSION
    if "dynamic_classes" not in message:
        assert repr(expression) in str(raised.value)


def test_an_exception_of_a_dynamic_task_passes(evaluate):
    with pytest.raises(KeyError, match="no such thing"):
        evaluate("'broken'|task")


def test_a_name_that_no_database_can_hold_is_refused(evaluate):
    with pytest.raises(BadExpression, match="a string"):
        evaluate("info.context.x", {"x": "a\x00b"})


@pytest.mark.django_db
def test_static_expressions_run_no_sql(evaluate, django_assert_num_queries):
    with django_assert_num_queries(0):
        evaluate("['a', 'b']|tasks")
        evaluate("info.case.meta.n == 3 && info.user.group && info.work_item.case.id")


@pytest.mark.django_db
def test_the_parent_item_is_looked_up_when_it_is_asked_for(evaluate, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert evaluate("info.case.parent_work_item ? 'a'|task : 'b'|task") == ["b"]


def test_static_tasks():
    assert flow.static_tasks("x ? 'b'|task : [['a', 'b'], y ? 'c' : 'd']|tasks") == [
        "b",
        "a",
        "c",
        "d",
    ]
    assert flow.static_tasks("[{a: ['x'|task]}, y[.k == ('z'|task)]]") == ["x", "z"]
    assert flow.static_tasks("'a'") == []
    assert flow.static_tasks("'everybody'|task") == ["everybody"]


def known(*slugs):
    return lambda asked: asked & set(slugs)


@pytest.mark.parametrize(
    "expression",
    [
        "'a'|task",
        "['a', 'b']|tasks",
        "[]|tasks",
        "'after-review'|task",
        "['after-review', 'a']|tasks",
        "info.x ? 'a'|task : 'b'|task",
        "(info.x ? 'a' : 'b')|task",
        "[info.x ? 'a' : 'b']|tasks",
        "info.context.next",
    ],
)
def test_check_accepts(expression):
    flow.check(expression, known("a", "b"))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "it is empty"),
        ("'a'|task foo", "it does not parse: there is something wrong at 'foo' (at character 10)"),
        ("'a'|nothing", "there is no transform `nothing` here; there are avg, ceil, debug,"),
        ("'c'|task", "there is no task and no dynamic task 'c'; save the task first"),
        ("['a', 'c', 'd']|tasks", "there is no task and no dynamic task 'c', 'd'"),
        ("[{a: 'c'|task}]", "there is no task and no dynamic task 'c'"),
        ("[{a: 'c'|nothing}]", "there is no transform `nothing` here"),
        ("info.x|task", "the subject of `task` must be a string in quotes"),
        ("[]|task", "the subject of `task` must be a string in quotes"),
        ("(info.x ? 'a' : info.y)|task", "the subject of `task` must be a string in quotes"),
        ("info.x|tasks", "the subject of `tasks` must be a list of strings in quotes"),
        ("'a'|tasks", "the subject of `tasks` must be a list of strings in quotes"),
        ("['a', info.x]|tasks", "the subject of `tasks` must be a list of strings in quotes"),
        ("'a'|task('b')", "the transform `task` does not take 1 arguments"),
        ("(" * 3_000, "nested more than"),
        ("x" * 10_000, "characters"),
    ],
)
def test_check_refuses(expression, message):
    with pytest.raises(BadExpression) as raised:
        flow.check(expression, known("a", "b"))
    assert message in str(raised.value)
    assert len(str(raised.value)) < 600


def test_check_asks_once_and_only_for_what_is_not_dynamic():
    asked = []

    def existing(slugs):
        asked.append(slugs)
        return slugs

    flow.check("[['a', 'after-review']|tasks, 'b'|task]", existing)
    flow.check("'after-review'|task", existing)
    assert asked == [{"a", "b"}]


def test_an_expression_is_parsed_once():
    before = flow._LANGUAGE.compile.cache_info()
    for _ in range(3):
        flow.static_tasks("['parsed', 'once']|tasks")
    after = flow._LANGUAGE.compile.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
    assert after.maxsize == 2_048


def test_threads_share_compiled_expressions(case, user, work_item):
    expressions = [f"['t{n}', info.case.workflow, 'everybody']|tasks" for n in range(20)]

    def evaluate_all(_):
        return [
            flow.evaluate_next(expression, case=case, user=user, work_item=work_item, context=None)
            for expression in expressions
        ]

    flow._LANGUAGE.compile.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(evaluate_all, range(40)))
    expected = [["fire", "permit", f"t{n}", "water"] for n in range(20)]
    assert results == [expected] * 40
