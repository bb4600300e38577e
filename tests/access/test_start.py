"""A start with access classes that could not work, as an operator sees it: in a process."""

import pytest

from tests.project.processes import run
from tests.project.test_start import PRODUCTION

OWN = """
from workflow_events.access.permissions import BasePermission, permission_for
from workflow_events.access.visibilities import BaseVisibility, Union, filter_queryset_for
from workflow_events.graphql.mutations import CompleteWorkItem, Mutation
from workflow_events.graphql.nodes import Case, Task

class Works(BasePermission):
    @permission_for(Mutation)
    def allowed(self, mutation, info):
        return True

class Sees(BaseVisibility):
    suppress_visibilities = ["WorkItem.case"]

    @filter_queryset_for(Case)
    def cases(self, node, queryset, info):
        return queryset.none()

class Either(Union):
    visibility_classes = [Sees]
"""
TWICE = """
class Twice(BasePermission):
    @permission_for(CompleteWorkItem)
    def one(self, mutation, info):
        return True

    @permission_for(CompleteWorkItem)
    def two(self, mutation, info):
        return True
"""
ASYNCHRONOUS = """
class Later(BasePermission):
    @permission_for(CompleteWorkItem)
    async def later(self, mutation, info):
        return True
"""
A_NODE = """
class OfANode(BasePermission):
    @permission_for(Case)
    def of_a_node(self, mutation, info):
        return True
"""


@pytest.fixture
def checked(tmp_path):
    """Run ``check`` in production, with these classes besides those of `OWN`."""

    def check(source="", **variables):
        (tmp_path / "own.py").write_text(OWN + source)
        variables = {**PRODUCTION, **variables}
        return run("check", cwd=tmp_path, EVENT_RECEIVER_MODULES="", **variables)

    return check


def test_own_classes_are_loaded_with_and_without_brackets(checked):
    ended = checked(
        PERMISSION_CLASSES="own.Works, workflow_events.access.permissions.IsAuthenticated",
        VISIBILITY_CLASSES='["own.Sees", "own.Either"]',
        VALIDATION_CLASSES="",
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("source", "variables", "message"),
    [
        ("", {"PERMISSION_CLASSES": "[]"}, "PERMISSION_CLASSES: is empty; name workflow_events."),
        ("", {"VISIBILITY_CLASSES": " , "}, "VISIBILITY_CLASSES: is empty; name workflow_events."),
        ("", {"PERMISSION_CLASSES": "own.Gone"}, "PERMISSION_CLASSES: own.Gone: cannot be import"),
        ("", {"VALIDATION_CLASSES": "gone.Own"}, "VALIDATION_CLASSES: gone.Own: cannot be import"),
        (
            "import missing_library",
            {"VISIBILITY_CLASSES": "own.Sees"},
            "VISIBILITY_CLASSES: own.Sees: cannot be imported; correct the dotted path or what it "
            "imports: No module named 'missing_library'",
        ),
        (
            "def broken(:",
            {"VISIBILITY_CLASSES": "own.Sees"},
            "VISIBILITY_CLASSES: own.Sees: fails to import: SyntaxError",
        ),
        (
            "",
            {"PERMISSION_CLASSES": "own.Sees"},
            "PERMISSION_CLASSES: own.Sees: is no subclass of BasePermission",
        ),
        (
            TWICE,
            {"PERMISSION_CLASSES": "own.Twice"},
            "PERMISSION_CLASSES: own.Twice: fails to import: ImproperlyConfigured: own.Twice: one "
            "and two are both marked @permission_for(CompleteWorkItem); leave one",
        ),
        (
            ASYNCHRONOUS,
            {"PERMISSION_CLASSES": "own.Works"},
            "PERMISSION_CLASSES: own.Works: fails to import: ImproperlyConfigured: own.Later.later",
        ),
        (
            A_NODE,
            {"PERMISSION_CLASSES": "own.OfANode"},
            "PERMISSION_CLASSES: own.OfANode: OfANode.of_a_node is marked @permission_for(Case), "
            "which is no mutation",
        ),
    ],
)
def test_classes_that_could_not_work_stop_the_start_in_one_line(
    checked, source, variables, message
):
    ended = checked(source, **variables)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"workflow-events: {message}"), ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["PERMISSION_CLASSES", "VISIBILITY_CLASSES"])
def test_they_are_required_outside_development_only(checked, name):
    ended = checked(**{name: ""})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"workflow-events: {name}: must be set")
    assert checked(ENV="dev", **{name: ""}).returncode == 0
