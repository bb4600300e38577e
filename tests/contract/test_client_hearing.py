"""A hearing, from asking for opinions to its end, as a front end and receivers drive it together.

The case has a child case, which has children itself; receivers start and complete them. The
documents are our own, with what those of the clients in the field have (facts 1.7).
"""

import json
from typing import Any

import pytest

from tests.workflow.builders import ANN, item, start, workflow
from workflow_events.events import on
from workflow_events.graphql.ids import to_global_id
from workflow_events.workflow import api as python_api
from workflow_events.workflow.events import (
    filter_by_task,
    filter_by_workflow,
    post_complete_case,
    post_create_work_item,
    post_redo_work_item,
    post_resume_work_item,
)
from workflow_events.workflow.models import Case, WorkItem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("access")]

OFFICE = "['office']|groups"
HEARING_TASKS = {
    "invite": {"address_groups": OFFICE, "is_multiple_instance": True},
    "opinion": {
        "address_groups": "info.context.addressed_groups",
        "control_groups": "info.prev_work_item.addressed_groups",
        "is_multiple_instance": True,
    },
    "sum-up": {"address_groups": "info.prev_work_item.controlling_groups", "lead_time": 86400},
}
COMPLETE = """mutation Invite($id: ID!, $context: JSONString!) {
  completeWorkItem(input: {id: $id, context: $context}) { clientMutationId } }"""
CONTROLS = """query Controls($invite: ID! $opinion: ID! $check: ID! $case: ID! $group: String!) {
  invite: allWorkItems(filter: [{case: $case} {task: $invite} {status: READY}
    {addressedGroups: [$group]}]) { edges { node { id status } } }
  send: allWorkItems(filter: [{case: $case} {task: $opinion} {status: SUSPENDED}
    {controllingGroups: [$group]}]) { edges { node { id status } } }
  check: allWorkItems(filter: [{case: $case} {task: $check} {hasDeadline: true}]) { totalCount }
  case: allCases(filter: [{ids: [$case]}]) { edges { node { parentWorkItem {
    id isRedoable addressedGroups } } } } }"""
OVERVIEW = """fragment Opinion on WorkItem { status addressedGroups childCase { ...Replies } }
query Overview($task: ID! $group: String! $case: ID! $replies: [String]!) {
  controlling: allWorkItems(filter: [{case: $case} {task: $task} {controllingGroups: [$group]}
    {status: CANCELED, invert: true}] order: [{attribute: CREATED_AT, direction: DESC}]) {
    edges { node { ...Opinion } } }
  others: allWorkItems(filter: [{case: $case} {task: $task} {status: COMPLETED}
    {controllingGroups: [$group], invert: true} {addressedGroups: [$group], invert: true}]) {
    edges { node { ...Opinion } } } }
fragment Replies on Case { workItems(filter: [{tasks: $replies} {status: SKIPPED, invert: true}]) {
  edges { node { status task { slug } } } } }"""
REPLY = """mutation Reply($id: ID! $check: String! $opinion: ID! $group: String!
    $last: Boolean = false) {
  completeWorkItem(input: {id: $id}) { workItem { status case { status
    parentWorkItem @include(if: $last) { status isRedoable case {
      controls: workItems(filter: [{tasks: [$check]} {addressedGroups: [$group]}]) {
        edges { node { status } } }
      opinions: workItems(filter: [{task: $opinion} {controllingGroups: [$group]}]) {
        edges { node { status isRedoable } } } } } } } } }"""
REDO = """mutation ($id: ID! $replies: [String]!) { redoWorkItem(input: {id: $id}) { workItem {
  id status isRedoable childCase { status workItems(filter: [{tasks: $replies} {status: READY}]) {
    edges { node { task { slug } } } } } } } }"""


@pytest.fixture
def hearing() -> Case:
    """The child case of a permit; receivers do what the clients leave to them."""
    workflow(
        "intake -> hear; hear -> rule", slug="permit", tasks={"hear": {"address_groups": OFFICE}}
    )
    workflow(
        "reply", slug="reply", tasks={"reply": HEARING_TASKS["opinion"] | {"control_groups": None}}
    )
    workflow(
        "invite -> invite opinion; opinion -> sum-up; sum-up -> []|tasks",
        slug="hearing",
        tasks=HEARING_TASKS,
        redoable={"sum-up": "'opinion'|task"},
    )

    @on(post_create_work_item, raise_exception=True)
    @filter_by_task("hear")
    def open_the_hearing(work_item: WorkItem, user: Any, context: Any) -> None:
        python_api.start_case("hearing", user, work_item, context)

    @on(post_create_work_item, raise_exception=True)
    @filter_by_task("opinion")
    def keep_as_a_draft(work_item: WorkItem, user: Any, context: Any) -> None:
        python_api.suspend_work_item(work_item, user, context)

    @on(post_resume_work_item, raise_exception=True)
    @filter_by_task("opinion")
    def ask_for_a_reply(work_item: WorkItem, user: Any) -> None:
        groups = {"addressed_groups": work_item.addressed_groups}
        python_api.start_case("reply", user, work_item, groups)

    @on(post_complete_case, raise_exception=True)
    @filter_by_workflow("reply")
    def take_the_reply(case: Case, user: Any, context: Any) -> None:
        python_api.complete_work_item(case.parent_work_item, user, context)

    @on(post_redo_work_item, raise_exception=True)
    @filter_by_task("opinion")
    def ask_again(work_item: WorkItem, user: Any, context: Any) -> None:
        replies = work_item.child_case.work_items.all()
        python_api.reopen_case(work_item.child_case, replies, user, context)

    permit = start("permit")
    python_api.complete_work_item(item(permit, "intake"), ANN)
    return item(permit, "hear").child_case


def gid(row: Case | WorkItem) -> str:
    return to_global_id(type(row).__name__, row.pk)


def nodes(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A connection of these."""
    return {"edges": [{"node": node} for node in nodes]}


def test_a_hearing(api, hearing):
    tasks = {"invite": "invite", "opinion": "opinion", "check": "sum-up"}
    controls = {**tasks, "case": gid(hearing), "group": "office"}
    overview = {"task": "opinion", "group": "office", "case": gid(hearing), "replies": ["reply"]}
    parent = {
        "id": gid(hearing.parent_work_item),
        "isRedoable": False,
        "addressedGroups": ["office"],
    }
    invite = item(hearing, "invite")

    assert api(CONTROLS, **controls).data == {
        "invite": nodes({"id": gid(invite), "status": "READY"}),
        "send": nodes(),
        "check": {"totalCount": 0},
        "case": nodes({"parentWorkItem": parent}),
    }

    for group in ("fire", "water"):
        context = json.dumps({"addressed_groups": [group]})
        ready = gid(item(hearing, "invite", status="ready"))
        assert api(COMPLETE, id=ready, context=context).data == {
            "completeWorkItem": {"clientMutationId": None}
        }
    fire, water = WorkItem.objects.filter(task="opinion").order_by("pk")
    assert (fire.addressed_groups, water.addressed_groups) == (["fire"], ["water"])
    found = api(CONTROLS, **controls).data
    drafts = [{"id": gid(opinion), "status": "SUSPENDED"} for opinion in (fire, water)]
    assert found["send"] == nodes(*drafts)
    assert len(found["invite"]["edges"]) == 1

    sending = "".join(
        f'send{index}: resumeWorkItem(input: {{id: "{opinion.pk}"}}) {{ workItem {{ id status }} }}'
        for index, opinion in enumerate((fire, water))
    )
    assert api(f"mutation Send {{{sending}}}").data == {
        f"send{index}": {"workItem": {"id": gid(opinion), "status": "READY"}}
        for index, opinion in enumerate((fire, water))
    }
    reply = nodes({"status": "READY", "task": {"slug": "reply"}})
    assert api(OVERVIEW, **overview).data == {
        "controlling": nodes(
            {"status": "READY", "addressedGroups": ["water"], "childCase": {"workItems": reply}},
            {"status": "READY", "addressedGroups": ["fire"], "childCase": {"workItems": reply}},
        ),
        "others": nodes(),
    }
    withdraw = "mutation ($id: ID!) { cancelWorkItem(input: {id: $id}) { workItem { status } } }"
    canceled = {"cancelWorkItem": {"workItem": {"status": "CANCELED"}}}
    assert api(withdraw, id=str(water.pk)).data == canceled

    fire.refresh_from_db()
    replying = {"id": gid(item(fire.child_case, "reply")), "check": "sum-up", "opinion": "opinion"}
    assert api(REPLY, **replying, group="office", last=True).data["completeWorkItem"] == {
        "workItem": {
            "status": "COMPLETED",
            "case": {
                "status": "COMPLETED",
                "parentWorkItem": {
                    "status": "COMPLETED",
                    "isRedoable": True,
                    "case": {
                        "controls": nodes({"status": "READY"}),
                        "opinions": nodes(
                            {"status": "COMPLETED", "isRedoable": True},
                            {"status": "CANCELED", "isRedoable": False},
                        ),
                    },
                },
            },
        }
    }
    assert api(CONTROLS, **controls).data["check"] == {"totalCount": 1}

    again = {"status": "RUNNING", "workItems": nodes({"task": {"slug": "reply"}})}
    assert api(REDO, id=gid(fire), replies=["reply"]).data["redoWorkItem"] == {
        "workItem": {"id": gid(fire), "status": "READY", "isRedoable": False, "childCase": again}
    }
    assert item(hearing, "sum-up").status == "redo"
    short = api(REPLY, **replying, group="office").data["completeWorkItem"]
    assert short == {"workItem": {"status": "COMPLETED", "case": {"status": "COMPLETED"}}}
    assert item(hearing, "sum-up").status == "ready"

    done = {"status": "COMPLETED", "addressedGroups": ["fire"]}
    replied = {"workItems": nodes({"status": "COMPLETED", "task": {"slug": "reply"}})}
    assert api(OVERVIEW, **overview | {"group": "water"}).data == {
        "controlling": nodes(),
        "others": nodes({**done, "childCase": replied}),
    }

    annotate = """mutation ($id: ID!, $meta: JSONString!) { saveWorkItem(input: {workItem: $id,
        meta: $meta}) { workItem { meta } } }"""
    noted = api(annotate, id=gid(fire), meta=json.dumps({"seen": {"by": "ann"}})).data
    assert noted == {"saveWorkItem": {"workItem": {"meta": {"seen": {"by": "ann"}}}}}
