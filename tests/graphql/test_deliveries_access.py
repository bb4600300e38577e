"""Who may read deliveries, and redeliver or cancel them."""

import pytest

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.policies import hiding, in_force, noting, refusing
from tests.graphql.rows import make_case, make_delivery, make_event
from tests.workflow.builders import statements
from workflow_events.access.permissions import (
    BasePermission,
    CreatedByGroup,
    IsAuthenticated,
    object_permission_for,
    permission_for,
)
from workflow_events.access.visibilities import Authenticated, BaseVisibility, filter_queryset_for
from workflow_events.delivery.models import Delivery, State
from workflow_events.graphql import nodes
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.mutations import (
    CancelDelivery,
    Mutation,
    OperateDeliveries,
    ReadDeliveries,
    Redeliver,
)

READ = "{ allDeliveries { totalCount edges { node { receiver } } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead():
    """A delivery that is dead, of an event of a case that is secret."""
    return make_delivery(make_event(make_case(meta="secret")), state=State.DEAD)


def read(api):
    """How many deliveries the list has, or the code of its error."""
    answer = api(READ)
    if "errors" in answer.body:
        assert answer.body["data"] == {"allDeliveries": None}
        return answer.code
    return answer.data["allDeliveries"]["totalCount"]


def node(api, delivery):
    return api(NODE, id=to_global_id("Delivery", delivery.pk)).data["node"]


def refused(api, name, delivery):
    """The code with which a mutation is refused, which has had no effect."""
    before = Delivery.objects.values().get(pk=delivery.pk)
    answer = api.mutate(name, "{ delivery { id } }", id=str(delivery.pk))
    assert answer.body["data"] == {name: None}
    assert Delivery.objects.values().get(pk=delivery.pk) == before
    return answer.code


class Operators(BasePermission):
    """Only operators have to do with deliveries."""

    @permission_for(OperateDeliveries)
    def nobody(self, mutation, info):
        return False


class Auditors(Operators):
    """And others may read."""

    @permission_for(ReadDeliveries)
    def may_read(self, mutation, info):
        return True


class EveryMutation(BasePermission):
    @permission_for(Mutation)
    def nothing(self, mutation, info):
        return False


@pytest.mark.parametrize(
    "permission",
    [Operators(), EveryMutation(), IsAuthenticated(), refusing("permission")],
    ids=["OperateDeliveries", "Mutation", "object", "of the tests"],
)
def test_one_switch_governs_all(api, dead, permission):
    with in_force(permission):
        assert read(api) == "PERMISSION_DENIED"
        assert node(api, dead) is None
        assert refused(api, "redeliver", dead) == "PERMISSION_DENIED"
        assert refused(api, "cancelDelivery", dead) == "PERMISSION_DENIED"


def test_what_is_refused_is_said(api, dead):
    with in_force(Operators()):
        error = api(READ).error

    assert error["message"] == "You are not permitted to do this: ReadDeliveries."
    assert error["path"] == ["allDeliveries"]


def test_other_lists_are_not_concerned(api, dead):
    with in_force(Operators()):
        answer = api("{ allDeliveries { totalCount } allEvents { totalCount } }")

    assert answer.body["data"] == {"allDeliveries": None, "allEvents": {"totalCount": 1}}


def test_reading_may_be_allowed_by_itself(api, dead):
    with in_force(Auditors()):
        assert read(api) == 1
        assert node(api, dead) is not None
        assert refused(api, "redeliver", dead) == "PERMISSION_DENIED"


def test_all_classes_must_agree(api, dead):
    with in_force(Auditors(), Operators()):
        assert read(api) == "PERMISSION_DENIED"


def test_what_is_asked(api, dead):
    """Reading asks for the class once for each list; changing for the class and the delivery."""
    asked = []
    with in_force(*noting(asked)):
        api.mutate("cancelDelivery", "{ delivery { state } }", id=str(dead.pk))

    # Looking the delivery up among those that may be read is asking, too.
    permission, reading, instance, data = asked
    assert permission == ("permission", CancelDelivery)
    assert reading == ("permission", ReadDeliveries)
    assert instance == ("object", dead)
    assert data == ("data", {"id": dead})


def test_a_permission_may_look_at_the_event_of_the_delivery(api, dead):
    """Without a statement more."""
    seen = []

    class OfCases(BasePermission):
        @object_permission_for(OperateDeliveries)
        def of_a_case(self, mutation, info, instance):
            with statements() as sql:
                seen.append((mutation, instance.event.name, len(sql)))
            return False

    with in_force(OfCases()):
        assert read(api) == 1
        assert refused(api, "cancelDelivery", dead) == "PERMISSION_DENIED"
        assert refused(api, "redeliver", dead) == "PERMISSION_DENIED"
    assert seen == [
        (CancelDelivery, "post_create_case", 0),
        (Redeliver, "post_create_case", 0),
    ]


def test_a_permission_that_looks_at_the_input_finds_none_when_reading(api, dead):
    seen = []

    class Looking(BasePermission):
        @permission_for(Mutation)
        def look(self, mutation, info):
            seen.append((mutation, mutation.get_params(info)["input"].get("id")))
            return True

    with in_force(Looking()):
        assert read(api) == 1
        api.mutate("cancelDelivery", "{ delivery { state } }", id=str(dead.pk))
    assert (ReadDeliveries, None) in seen
    assert (CancelDelivery, str(dead.pk)) in seen


def test_nobody_has_created_a_delivery(api, dead):
    with in_force(CreatedByGroup()):
        assert read(api) == 1
        assert refused(api, "redeliver", dead) == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    "hidden",
    [hiding(nodes.Case, meta="secret"), hiding(nodes.Event, name="post_create_case")],
    ids=["case", "event"],
)
def test_a_delivery_is_visible_only_if_its_event_is(api, dead, hidden):
    with in_force(hidden):
        assert read(api) == 0
        assert node(api, dead) is None
        assert refused(api, "redeliver", dead) == "NOT_FOUND"
        assert refused(api, "cancelDelivery", dead) == "NOT_FOUND"


def test_deliveries_have_visibilities_of_their_own(api, dead):
    make_delivery(dead.event, "shown")
    with in_force(hiding(nodes.Delivery, state="dead")):
        assert read(api) == 1
        assert node(api, dead) is None
        assert refused(api, "redeliver", dead) == "NOT_FOUND"
    with in_force(hiding(Delivery, state="dead")):
        assert read(api) == 1
    with in_force(Authenticated()):
        assert read(api) == 0


def test_a_visibility_may_leave_events_of_deliveries_to_others(api, dead):
    class Suppressing(BaseVisibility):
        suppress_visibilities = ("Delivery.event",)

        @filter_queryset_for(nodes.Event)
        def nothing(self, node, queryset, info):
            return queryset.none()

    query = "{ allDeliveries { edges { node { event { name } } } } allEvents { totalCount } }"
    with in_force(Suppressing()):
        data = api(query).data
    assert data["allEvents"] == {"totalCount": 0}
    [edge] = data["allDeliveries"]["edges"]
    assert edge["node"]["event"] == {"name": "post_create_case"}
    with in_force(Suppressing(), hiding(nodes.Case, meta="secret")):
        assert read(api) == 0


def test_with_everything_checked_who_may_can(api):
    delivery = make_delivery(make_event(make_case(meta={})))
    with in_force(*EVERYTHING_CHECKED):
        assert read(api) == 1
        answer = api.mutate("cancelDelivery", "{ delivery { state } }", id=str(delivery.pk))
    assert answer.data["cancelDelivery"]["delivery"] == {"state": "CANCELED"}
