"""What `check` finds in a `changed`."""

from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps

from tests.records.tables import Book, Shelf
from workflow_events.events import on
from workflow_events.events.checking.findings import findings
from workflow_events.events.checking.problems import CheckId
from workflow_events.records import PostUpdateRecord, changed
from workflow_events.workflow.models import Case
from workflow_events.workflow.states import CaseStatus

pytestmark = pytest.mark.any_database


def found(*fields: str, target: Any = PostUpdateRecord[Book], **options: Any) -> list[str]:
    """Return message and hint of each value in vain."""

    @on(target)
    @changed(*fields, **options)
    def note() -> None: ...

    warned = [problem for problem in findings() if problem.id is CheckId.VALUE_IN_VAIN]
    return [f"{problem.message.partition(' asks for ')[2]} {problem.hint}" for problem in warned]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        (("pages",), {"to": 5, "from_": (1, 2)}),
        (("pages",), {"to": lambda pages: pages > 5}),
        (("cover",), {"to": None}),
        (("cover",), {"to": "a.png"}),
        (("data",), {"to": [1, "2", None]}),
        (("title", "pages"), {"to": 5}),
        (("title", "pages"), {"to": "5"}),
        (("shelf",), {"to": "s", "from_": None}),
        (("shelf",), {"to": Shelf(slug="s")}),
        (("twin",), {"to": 1}),
        ((), {"to": "anything"}),
    ],
)
def test_what_a_field_may_hold(fields: tuple[str, ...], options: dict[str, Any]) -> None:
    assert found(*fields, **options) == []


@pytest.mark.parametrize(
    ("fields", "options", "warned"),
    [
        (
            ("pages",),
            {"to": "5"},
            "'5', which pages never holds. It is compared with what its IntegerField loads: "
            "write a value of that type.",
        ),
        (
            ("pages",),
            {"to": {3, "many"}},
            "'many', which pages never holds. It is compared with what its IntegerField loads: "
            "write a value of that type.",
        ),
        (("title",), {"from_": None}, "None, which title never holds. title is never None."),
        (
            ("twin",),
            {"to": "one"},
            "'one', which twin never holds. It is compared with what its ForeignKey loads: "
            "write a value of that type.",
        ),
    ],
)
def test_what_no_field_holds(fields: tuple[str, ...], options: dict[str, Any], warned: str) -> None:
    assert found(*fields, **options) == [warned]


def test_choices() -> None:
    case = PostUpdateRecord[Case]
    assert found("status", target=case, to=[CaseStatus.COMPLETED, "canceled"]) == []
    assert found("status", target=case, to="complete", from_="nowhere") == [
        "'nowhere', which status never holds. "
        "Its choices are running, completed, canceled, suspended.",
        "'complete', which status never holds. Did you mean 'completed'?",
    ]


@isolate_apps("tests.records")
def test_a_field_that_loads_what_it_likes() -> None:
    class Angle(models.IntegerField[Any, Any]):
        def from_db_value(self, value: Any, *_: Any) -> str:
            return f"{value}°"

    class Turn(models.Model):
        angle = Angle()

        class Meta:
            app_label = "record_tests"

        def __str__(self) -> str:
            return str(self.angle)

    assert found("angle", target=PostUpdateRecord[Turn], to="90°") == []


def test_a_model_that_is_not_named() -> None:
    assert found("pages", target=PostUpdateRecord, to="5") == []
