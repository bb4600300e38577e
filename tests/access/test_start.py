"""A start with access classes that could not work, as an operator sees it: in a process.

One class for each way in which a start ends; test_loading.py has all that is refused.
"""

import pytest

from tests.project.processes import run
from tests.project.test_start import PRODUCTION

OWN = """
from workflow_events.access.permissions import BasePermission, permission_for
from workflow_events.access.visibilities import BaseVisibility, Union, filter_queryset_for
from workflow_events.graphql.mutations import Mutation
from workflow_events.graphql.nodes import Case

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
