"""``validated_data`` is the live dict that a row is made from (contract section 5)."""

from typing import Any

import pytest

from tests.workflow.builders import ANN, complete, item, start, statuses, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidInput, InvalidTransition
from workflow_events.workflow.models import Case, Task, WorkItem

pytestmark = pytest.mark.django_db


def test_validated_data_is_live() -> None:
    workflow("a -> b")

    @on("pre_create_case")
    def case_data(validated_data: dict[str, Any]) -> None:
        assert list(validated_data) == [
            "workflow",
            "meta",
            "parent_work_item",
            "created_by_user",
            "created_by_group",
        ]
        validated_data["meta"] = {"from": "receiver"}
        validated_data["created_by_group"] = "changed"

    @on("pre_create_work_item")
    def item_data(work_item: None, validated_data: dict[str, Any]) -> None:
        assert work_item is None
        assert list(validated_data) == [
            "case",
            "task",
            "name",
            "description",
            "meta",
            "addressed_groups",
            "controlling_groups",
            "assigned_users",
            "deadline",
            "previous_work_item",
            "created_by_user",
            "created_by_group",
        ]
        validated_data["meta"]["n"] = 1
        validated_data["assigned_users"].append("u")
        validated_data["name"] = f"{validated_data['task'].name}!"

    case = start()
    case.refresh_from_db()
    assert (case.meta, case.created_by_group) == ({"from": "receiver"}, "changed")
    complete(case, "a")
    for task in "ab":
        row = item(case, task)
        assert (row.name, row.meta, row.assigned_users) == (f"{task.upper()}!", {"n": 1}, ["u"])


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "completed"),
        ("unknown", 1),
        ("name", None),
        ("name", " "),
        ("name", "x" * 256),
        ("name", "a\x00b"),
        ("name", "\ud800"),
        ("description", 1),
        ("meta", None),
        ("meta", {"a": object()}),
        ("meta", {"a": float("nan")}),
        ("meta", "\x00"),
        ("meta", {"\\": "\x00"}),
        ("meta", {"\ud800": 1}),
        ("meta", nested(101)),
        ("addressed_groups", "group"),
        ("addressed_groups", [1]),
        ("controlling_groups", None),
        ("assigned_users", ("u",)),
        ("deadline", "tomorrow"),
        ("case", None),
        ("task", "a"),
        ("previous_work_item", "x"),
        ("created_by_user", "x" * 151),
    ],
)
def test_wrong_values_of_receivers_are_named(key: str, value: Any) -> None:
    workflow("a -> b")
    case = start()

    @on("pre_create_work_item")
    def spoil(validated_data: dict[str, Any]) -> None:
        validated_data[key] = value

    with pytest.raises(InvalidInput, match=key):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]


def test_a_missing_value_is_named() -> None:
    workflow("a")

    @on("pre_create_case")
    def spoil(validated_data: dict[str, Any]) -> None:
        del validated_data["meta"]

    with pytest.raises(InvalidInput, match="meta"):
        start()
    assert not Case.objects.exists()


def test_a_receiver_chooses_another_workflow_and_parent() -> None:
    workflow("a")
    other = workflow("x; y", slug="other", start="x y")
    parent = start()

    @on("pre_create_case")
    def choose(validated_data: dict[str, Any]) -> None:
        validated_data["workflow"] = other
        validated_data["parent_work_item"] = item(parent, "a")

    case = start()
    assert statuses(case) == [("x", "ready"), ("y", "ready")]
    assert case.family_id == parent.pk
    assert item(parent, "a").child_case == case


def test_a_receiver_puts_the_item_into_another_case() -> None:
    workflow("a -> b; x -> b", start="a x")
    case, other = start(), start()

    @on("pre_create_work_item")
    def choose(validated_data: dict[str, Any]) -> None:
        validated_data["case"] = Case.objects.only("pk").get(pk=other.pk)

    complete(case, "a")
    assert statuses(other)[2:] == [("b", "ready")]
    assert statuses(case) == [("a", "completed"), ("x", "ready")]
    api.suspend_case(other, ANN)
    with pytest.raises(InvalidTransition, match="no work item can be created"):
        complete(case, "x")
    assert statuses(case) == [("a", "completed"), ("x", "ready")]


@pytest.mark.parametrize("chosen", ["case", "task", "neither", "ready case", "ready task"])
def test_an_item_joins_its_siblings_where_a_receiver_puts_it(chosen: str) -> None:
    """The guard of a new item is checked for the case and task that it gets."""
    many = {"is_multiple_instance": True}
    workflow("m; n; one", start="m n one", tasks={"m": many, "n": many})
    case, other = start(), start()
    if not chosen.startswith("ready"):
        api.cancel_work_item(item(other, "m"), ANN)

    @on("pre_create_work_item")
    def choose(validated_data: dict[str, Any]) -> None:
        if chosen.endswith("case"):
            validated_data["case"] = Case.objects.only("pk").get(pk=other.pk)
        if chosen.endswith("task"):
            slug = "n" if chosen == "ready task" else "one"
            validated_data["task"] = Task.objects.get(pk=slug)

    before = statuses(case), statuses(other)
    if chosen in ("case", "task"):
        problem = "no ready work item" if chosen == "case" else "not multiple-instance"
        with pytest.raises(InvalidTransition, match=problem):
            api.create_work_item(case, "m", ANN)
        assert (statuses(case), statuses(other)) == before
        return
    added = api.create_work_item(case, "m", ANN)
    assert added.case_id == (other.pk if chosen == "ready case" else case.pk)
    assert added.task_id == ("n" if chosen == "ready task" else "m")
    assert len(statuses(added.case)) == 4


@pytest.mark.parametrize("value", [{"a": "\\u0000 as it is spelled"}, nested(100), "\U0001f600"])
def test_meta_holds_what_json_can_express(value: Any) -> None:
    workflow("a")
    case = api.start_case("flow", ANN, meta=value)
    case.refresh_from_db()
    assert case.meta == value


@pytest.mark.parametrize("depth", [101, 5000])
def test_meta_that_is_nested_too_deeply(depth: int) -> None:
    workflow("a")
    with pytest.raises(InvalidInput, match=r"meta: .* nested more than 100 deep"):
        api.start_case("flow", ANN, meta=nested(depth))
    assert not Case.objects.exists()


def test_a_receiver_assigns_another_dict() -> None:
    """Contract section 2: later receivers and the emitter see what was assigned."""
    workflow("a")

    @on(["pre_create_case", "pre_create_work_item"])
    def assign(event: Any) -> None:
        event.validated_data = {**event.validated_data, "meta": {"n": 1}}

    @on(["pre_create_case", "pre_create_work_item"])
    def add(validated_data: dict[str, Any]) -> None:
        validated_data["meta"]["m"] = 2

    case = start()
    case.refresh_from_db()
    assert case.meta == item(case, "a").meta == {"n": 1, "m": 2}


def test_a_receiver_assigns_no_dict() -> None:
    workflow("a")

    @on("pre_create_case")
    def assign(event: Any) -> None:
        event.validated_data = None

    with pytest.raises(InvalidInput, match="None is no dict"):
        start()
    assert not Case.objects.exists()


def test_a_receiver_deletes_what_the_item_is_made_from() -> None:
    workflow("a -> b")
    case = start()

    @on("pre_create_work_item")
    def delete(validated_data: dict[str, Any]) -> None:
        validated_data["task"].delete()

    with pytest.raises(InvalidInput, match="task: It was deleted"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]


def test_a_receiver_deletes_the_item_before() -> None:
    workflow("a -> b")
    case = start()

    @on("pre_create_work_item")
    def delete(validated_data: dict[str, Any]) -> None:
        WorkItem.objects.filter(pk=validated_data["previous_work_item"].pk).delete()

    with pytest.raises(InvalidTransition, match="deleted meanwhile"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]
