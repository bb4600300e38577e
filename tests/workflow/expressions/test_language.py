"""The language itself: facts 2.7, line by line."""

import logging

import pytest

from tests.workflow.expressions.evaluation import ExpressionFault, evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 // 2", 3),
        ("7 / 2", 3.5),
        ("2 * 3 % 4", 6),
        ("2 ^ 3 ^ 2", 64),
        ("2 * 2 ^ 3", 16),
        ("10 - 4 - 3", 3),
        ("1 -1", 0),
        ("1 - -1", 2),
        ("1 + 1 == 2", True),
        ("1 == 1 && 2 != 1", True),
        ("3 >= 3", True),
        ("3 > 3", False),
        ("'a' < 'b'", True),
        ("2 <= 1", False),
        ("!true", False),
        ("!null == true", True),
        ("!!'a'", True),
        ("'a' in ['a', 'b']", True),
        ("'b' in 'abc'", True),
        ("'k' in {k: 1}", True),
        ("[1, 2] intersects [2, 3]", True),
        ("[1, 2] intersects [3]", False),
        ("[] intersects [3]", False),
        ("1 in [1] && [1] intersects [1]", True),
        ("'a' + \"b\"", "ab"),
        ("[1] + [2]", [1, 2]),
        ("'ab' * 2", "abab"),
        ("2 * [1, 2]", [1, 2, 1, 2]),
        ("'a' * -1", ""),
        ("true ? 1 : 2", 1),
        ("false ? 1 : false ? 2 : 3", 3),
        ("[1, [2, 'x'], {a: 1}]", [1, [2, "x"], {"a": 1}]),
        ("{}", {}),
        ("[]", []),
        ("  'a'  ", "a"),
        ("-2.50", -2.5),
    ],
)
def test_operators_and_literals(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("None", None),
        ("anything", None),
        ("0 || 'b'", "b"),
        ("'a' || info.x.y", "a"),
        ("'a' && 'b'", "b"),
        ("'' && info.x.y", ""),
        ("null && info.x.y", None),
    ],
)
def test_unknown_identifiers_are_null_and_logic_returns_an_operand_lazily(text, value):
    assert evaluate(text, info={}) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b.c", 1),
        ("a.nothing", None),
        ("a['b'].c", 1),
        ("l[0].k", 1),
        ("l[1]['k']", 2),
        ("l[9]", None),
        ("l[-1].k", 3),
        ("l[.k > 1]|mapby('k')", [2, 3]),
        ("l[.k > 1][.k < 3]|mapby('k')", [2]),
        ("l[.o.p == 1]|length", 1),
        ("l[.k in [2, 3] && .k != 3]|mapby('k')", [2]),
        ("l[.m[.n == 1]|length]|mapby('k')", [3]),
        ("l[true]|length", 3),
        ("l[false]", None),
        ("a['nothing']", None),
        ("'abc'[1]", "b"),
        (".k", None),
    ],
)
def test_attributes_indexes_and_filters(text, value):
    rows = [{"k": 1, "o": {"p": 0}}, {"k": 2, "o": {"p": 1}}, {"k": 3, "o": {}, "m": [{"n": 1}]}]
    for row in rows:
        row.setdefault("m", [])
    assert evaluate(text, a={"b": {"c": 1}}, l=rows) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'it\'s'", "it's"),
        (r'"\"\\"', '"\\'),
        (r"'\n\t\x41\u00e9\U0001F600\101'", "\n\tAé😀A"),
        (r"'\N{BULLET}'", "•"),
        (r"'\d'", r"\d"),
        (r"'? ( [ ! ,'", "? ( [ ! ,"),
    ],
)
def test_strings_have_the_escapes_of_python(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[{a: 1}, {a: 2}, {}, 3]|mapby('a')", [1, 2, None, None]),
        ("[{a: 1, b: 2}]|mapby('a', 'b')", [[1, 2]]),
        ("null|mapby('a')", None),
        ("[{a: 1}]|mapby(1)", [None]),
        ("[1, {a: 'x'}, null, true]|stringify", '[1,{"a":"x"},null,true]'),
        ("[[1], [2, [3]], 4]|flatten", [1, 2, [3], 4]),
        ("'a'|flatten", None),
        ("[1, 2]|length", 2),
        ("'abc'|length", 3),
        ("1|length", None),
        ("[3, 'x', 1, null, true]|min", 1),
        ("[3, 'x', 1]|max", 3),
        ("[3, 'x', 1]|sum", 4),
        ("[3, 'x', 1]|avg", 2.0),
        ("[]|min", None),
        ("[]|sum", 0),
        ("[]|avg", None),
        ("3|sum", None),
        ("1.2|ceil", 2),
        ("1.8|floor", 1),
        ("'1'|ceil", None),
        ("true|floor", None),
        ("2.5|round", 3),
        ("3.5|round", 4),
        ("2.675|round(2)", 2.68),
        ("15|round(-1)", 20),
        ("7|round", 7),
        ("'7'|round", None),
        ("7|round('x')", None),
        ("(1 + 1.5)|round", 3),
        ("'x'|debug('here')", "x"),
    ],
)
def test_transforms(text, value):
    result = evaluate(text)
    assert result == value
    assert type(result) is type(value)


def test_round_without_digits_is_whole():
    assert isinstance(evaluate("2.5|round"), int)


def test_debug_logs_its_label_and_subject(caplog):
    with caplog.at_level(logging.INFO, logger="workflow_events.workflow.expressions"):
        assert evaluate("['a']|debug('groups')") == ["a"]
    assert [record.getMessage() for record in caplog.records] == ["debug 'groups': ['a']"]


def test_arguments_of_transforms_see_no_variables_and_no_element():
    rows = [{"a": 1, "key": "a"}]
    assert evaluate("rows|mapby(key)", rows=rows, key="a") == [None]
    assert evaluate("rows|mapby('a')", rows=rows) == [1]
    assert evaluate("rows[[{a: 1}]|mapby(.key) == [null] && .a]", rows=rows) == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("info.x", "`.x` asks null for an attribute"),
        ("'a'.x", "`.x` asks a string for an attribute"),
        ("null[0]", "null cannot be indexed with a number"),
        ("[1][1.5]", "a list cannot be indexed with a number"),
        ("null[.a]", "a relative filter is applied to null"),
        ("1 + 'a'", "`+` cannot be applied to a number and a string"),
        ("null + 1", "`+` cannot be applied to null and a number"),
        ("'%s' % 1", "`%` cannot be applied to a string and a number"),
        ("1 < 'a'", "`<` cannot be applied to a number and a string"),
        ("1 in null", "`in` cannot be applied to a number and null"),
        ("null intersects []", "`intersects` cannot be applied to null and a list"),
        ("1 / 0", "`/` divides by zero"),
        ("1 % 0", "`%` divides by zero"),
        ("(0 - 8) ^ 0.5", "the result of `^` is not a real number"),
        ("a|nothing", "there is no transform `nothing` here"),
        ("[{a: [1|nothing]}]", "there is no transform `nothing` here"),
        ("a|mapby", "the transform `mapby` does not take 0 arguments"),
        ("a|length(1)", "the transform `length` does not take 1 arguments"),
        (r"'\x4'", None),
        (r"'\N{no such}'", "this string has a wrong escape"),
        (r"'\ud800'", "this string holds a NUL or surrogate"),
        ("'\x00'", "NUL character"),
    ],
)
def test_faults(text, message):
    if message is None:  # as an unknown escape, which stands for itself
        assert evaluate(text) == text[1:-1]
        return
    with pytest.raises(ExpressionFault) as raised:
        evaluate(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("'a", 1),
        ("['a', |tasks", 1),
        ("['a', |tasks]", 7),
        ("'a'|task foo", 10),
        ("1 +", 3),
        ("a b", 3),
        ("", None),
    ],
)
def test_text_that_does_not_parse(text, position):
    with pytest.raises(ExpressionFault) as raised:
        evaluate(text)
    assert raised.value.position == position
