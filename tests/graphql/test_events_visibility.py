"""Who sees what of the event log: who sees the case."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from tests.graphql.policies import hiding, in_force
from tests.graphql.rows import make_case, make_event, make_item
from workflow_events.access.visibilities import (
    AddressedGroups,
    Any,
    Authenticated,
    BaseVisibility,
    CreatedByGroup,
    Union,
    filter_queryset_for,
)
from workflow_events.delivery.models import LoggedEvent
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.nodes import Case, Event, Node, Task, Workflow, WorkItem
from workflow_events.workflow.users import BaseUser

EVERYTHING = ["open", "secret", "gone", "of nothing"]


@pytest.fixture
def rows(db):
    """Events of a case, of a secret one that caused it, of one that is gone, and of none."""
    shown, secret = make_case(meta="open"), make_case("hidden", meta="secret")
    cause = uuid_of("secret")
    item = make_item(shown)
    make_event(shown, item, id=uuid_of("open"), name="open", cause=cause)
    make_event(secret, make_item(secret), id=cause, name="secret", cause=uuid_of("open"))
    make_event(shown, id=uuid_of("gone"), name="gone", about=UUID(int=1))
    make_event(id=uuid_of("of nothing"), name="of nothing", cause=uuid_of("unlogged"))
    return shown, secret, item


def uuid_of(name):
    return UUID(int=0x100 + [*EVERYTHING, "unlogged"].index(name))


def names(api):
    edges = api("{ allEvents { edges { node { name } } } }").data["allEvents"]["edges"]
    return [edge["node"]["name"] for edge in edges]


class OwnEvents(BaseVisibility):
    """Speaks of events."""

    @filter_queryset_for(Event)
    def not_gone(self, node, queryset, info):
        return queryset.exclude(name="gone")


class Nothing(BaseVisibility):
    """Speaks of all nodes."""

    @filter_queryset_for(Node)
    def nothing(self, node, queryset, info):
        return queryset.none()


class CasesOnly(Nothing):
    @filter_queryset_for(Case)
    def every_case(self, node, queryset, info):
        return queryset


class EventsToo(CasesOnly):
    @filter_queryset_for(LoggedEvent)
    def every_event(self, node, queryset, info):
        return queryset


def test_with_nothing_in_force_everything_is_shown(api, rows):
    with in_force():
        assert names(api) == EVERYTHING
    with in_force(Any()):
        assert names(api) == EVERYTHING


def test_an_event_goes_by_its_case(api, rows):
    query = """query ($open: ID!, $secret: ID!, $gone: ID!) {
        open: node(id: $open) { id } secret: node(id: $secret) { id } gone: node(id: $gone) { id }
        allEvents { totalCount edges { node { name } } }
        allCases { edges { node { events { totalCount edges { node { name } } } } } } }"""
    keys = {name: to_global_id("Event", uuid_of(name)) for name in ("open", "secret", "gone")}
    with in_force(hiding(Case, meta="secret")):
        data = api(query, **keys).data

    assert (data["open"], data["secret"], data["gone"]) == ({"id": keys["open"]}, None, None)
    only = {"totalCount": 1, "edges": [{"node": {"name": "open"}}]}
    assert data["allEvents"] == only
    assert [edge["node"]["events"] for edge in data["allCases"]["edges"]] == [only]


def test_a_case_that_is_hidden_by_its_workflow_hides_its_events(api, rows):
    with in_force(hiding(Workflow, slug="hidden")):
        assert names(api) == ["open"]


@pytest.mark.parametrize("hidden", [{"meta": "secret"}, {"meta": "open"}])
def test_a_cause_that_is_hidden_is_not_told(api, rows, hidden):
    query = """{ allEvents { edges { node { name cause causedBy { name } } } }
        by: allEvents(filter: [{cause: "%s"}]) { totalCount } }"""
    with in_force(hiding(Case, **hidden)):
        data = api(query % uuid_of("secret" if hidden["meta"] == "secret" else "open")).data

    [edge] = data["allEvents"]["edges"]
    assert (edge["node"]["cause"], edge["node"]["causedBy"]) == (None, None)
    assert data["by"] == {"totalCount": 0}


def test_a_cause_that_is_not_logged_is_told_to_who_sees_everything(api, rows):
    query = '{ allEvents(filter: [{name: "of nothing"}]) { edges { node { cause } } } }'
    with in_force():
        [shown] = api(query).data["allEvents"]["edges"]
    with in_force(hiding(Case, meta="secret"), OwnEvents()):
        [hidden] = api(query).data["allEvents"]["edges"]

    assert shown["node"]["cause"] == to_global_id("Event", uuid_of("unlogged"))
    assert hidden["node"]["cause"] is None


@pytest.mark.parametrize(
    "hidden", [hiding(Task, slug="t"), hiding(WorkItem, name="t")], ids=["task", "item"]
)
def test_a_work_item_that_is_hidden_is_null(api, rows, hidden):
    """Its event goes by the case."""
    query = "{ allEvents { edges { node { name workItem { id } } } } }"
    with in_force(hidden):
        edges = api(query).data["allEvents"]["edges"]

    assert [edge["node"]["name"] for edge in edges] == EVERYTHING
    assert [edge["node"]["workItem"] for edge in edges] == [None] * 4


def test_events_without_a_case_are_for_classes_that_speak_of_events(api, rows):
    with in_force(OwnEvents()):
        assert names(api) == ["open", "secret", "of nothing"]
    with in_force(hiding(Case, meta="secret"), OwnEvents()):
        assert names(api) == ["open", "of nothing"]
    with in_force(hiding(Case, meta="secret")):
        assert names(api) == ["open"]


def test_what_is_said_of_all_nodes_is_said_of_events(api, rows):
    with in_force(Nothing()):
        assert names(api) == []
    with in_force(CasesOnly()):
        assert names(api) == []
    with in_force(EventsToo()):
        # Their workflows are hidden, and so are their cases.
        assert names(api) == ["of nothing"]


class HidesSecrets(BaseVisibility):
    @filter_queryset_for(Case)
    def no_secrets(self, node, queryset, info):
        return queryset.exclude(meta="secret")


class HidesSecretsOnly(OwnEvents, HidesSecrets):
    pass


def test_all_members_of_a_union_must_speak_of_events(api, rows):
    class Silent(Union):
        visibility_classes = (HidesSecrets, HidesSecretsOnly)

    class Outspoken(Union):
        visibility_classes = (HidesSecretsOnly,)

    with in_force(Silent()):
        assert names(api) == ["open"]
    with in_force(Outspoken()):
        assert names(api) == ["open", "of nothing"]


def seen(user):
    info = SimpleNamespace(context=SimpleNamespace(user=user))
    events = Event.get_queryset(LoggedEvent.objects.order_by("pk"), info)
    return [event.name for event in events]


def test_ready_made_classes(rows):
    shown, _, item = rows
    type(shown).objects.filter(pk=shown.pk).update(created_by_group="clerks")
    type(shown.workflow).objects.update(created_by_group="clerks")
    type(item).objects.filter(pk=item.pk).update(addressed_groups=["clerks"])
    clerk, stranger = BaseUser("ann", ["clerks"]), BaseUser("tom", ["people"])

    with in_force(Authenticated()):
        assert seen(clerk) == EVERYTHING
    for visibility in (CreatedByGroup(), AddressedGroups()):
        with in_force(visibility):
            assert (seen(clerk), seen(stranger)) == (["open"], [])


def test_anonymous_users_see_nothing_of_what_is_for_others(api, rows):
    with in_force(Authenticated()):
        assert names(api) == []
