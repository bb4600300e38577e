"""The admin site: what it shows, to whom, what its actions do, and what its lists cost."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import ago, deliveries, states
from workflow_events.delivery.admin import filters as list_filters
from workflow_events.delivery.admin import pages
from workflow_events.delivery.admin.actions import SHOWN
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.events.identifiers import uuid7

LIST = "/admin/delivery/delivery/"
EVENTS = "/admin/delivery/loggedevent/"
CASE = "0192a000-0000-7000-8000-0000000000ca"


@pytest.fixture
def accounts(db: None) -> Any:
    """Return what logs an account in that has these permissions."""
    create_permissions(apps.get_app_config("delivery"), verbosity=0)

    def account(*permissions: str) -> Client:
        user = User.objects.create_user("operator", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return account


@pytest.fixture
def operator(accounts: Any) -> Client:
    return accounts("view_delivery", "view_loggedevent", "change_delivery")


@pytest.fixture
def viewer(accounts: Any) -> Client:
    return accounts("view_delivery", "view_loggedevent")


def made(state: State = State.PENDING, **values: Any) -> Delivery:
    """Store a delivery in this state."""
    finished = None if state in (State.PENDING, State.RUNNING) else ago(1)
    [delivery] = deliveries(None, state=state, finished_at=finished, **values)
    return delivery


def aged(delivery: Delivery, age: timedelta) -> Delivery:
    """Let the event have happened some time ago."""
    event, time = delivery.event, timezone.now() - age
    LoggedEvent.objects.create(
        id=uuid7(int(time.timestamp() * 1e9)), name=event.name, time=time, content={}
    )
    delivery.event = LoggedEvent.objects.get(time=time)
    delivery.save()
    event.delete()
    return delivery


def text(response: Any) -> str:
    """Return what a page says, without its tags."""
    assert response.status_code == 200
    main = response.content.decode().partition('id="content"')[2]
    return " ".join(unescape(re.sub(r"<wbr>|</?(a|b|span)[ >][^>]*", "", main)).split())


def rows(response: Any) -> list[int]:
    """Return the keys of the deliveries that a list shows."""
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


def act(client: Client, action: str, *chosen: Delivery, url: str = LIST, **more: str) -> Any:
    keys = [delivery.pk for delivery in chosen]
    form = {"action": action, "_selected_action": keys, **more}
    return client.post(url, form, follow=True)


def told(response: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, message.message) for message in response.context["messages"]]


def test_a_list_shows_how_each_delivery_stands(viewer: Client) -> None:
    pending = made(due=timezone.now() + timedelta(hours=1))
    dead = made(State.DEAD, receiver="extensions.mail.send", error="Refused: <1>\nsecond line")
    LoggedEvent.objects.filter(pk=dead.event_id).update(case=CASE)
    response = viewer.get(LIST)
    assert rows(response) == [dead.pk, pending.pk]
    page = response.content.decode()
    assert "extensions.<wbr>mail.<wbr>send" in page
    assert "Refused: &lt;1&gt;" in page
    assert "second line" not in page
    assert f'href="{LIST}?q={CASE}"' in page
    assert timezone.localtime(pending.due).isoformat(" ", "seconds") in page
    assert timezone.localtime(dead.due).isoformat(" ", "seconds") not in page


def test_a_list_is_filtered(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = aged(made(State.DEAD, receiver="a", name="post_x"), timedelta(hours=2))
    second = aged(made(receiver="b", name="post_x"), timedelta(days=2))
    third = made(receiver="b", name="post_y")
    for query, found in {
        "state__exact=dead": [first],
        "receiver=b": [third, second],
        "event=post_x": [second, first],
        "age=1h": [third],
        "age=1d": [third, first],
        "age=7d": [third, second, first],
        "age=over1h": [second, first],
        "age=over1d": [second],
        "age=over7d": [],
        "age=unknown": [third, second, first],
        "receiver=b&event=post_x": [second],
        "receiver=unknown": [],
    }.items():
        assert rows(viewer.get(f"{LIST}?{query}")) == [d.pk for d in found], query
        if query.startswith("age="):
            events = viewer.get(f"{EVENTS}?{query}").context["cl"].result_list
            assert {e.pk for e in events} == {d.event_id for d in found}, query
    monkeypatch.setattr(list_filters, "FEW", 1)
    assert rows(viewer.get(f"{LIST}?event=post_x")) == [second.pk, first.pk]
    assert rows(viewer.get(f"{LIST}?event=post_y")) == [third.pk]
    filters = viewer.get(LIST).context["cl"].filter_specs
    assert [f.title for f in filters] == ["state", "receiver", "event", "age"]
    assert [choices for choices, _ in filters[1].lookup_choices] == ["a", "b"]
    assert [choices for choices, _ in filters[2].lookup_choices] == ["post_x", "post_y"]


def test_a_list_is_searched_by_number_event_and_case(viewer: Client) -> None:
    first, second, third = made(), made(), made()
    LoggedEvent.objects.filter(pk__in=[first.event_id, second.event_id]).update(case=CASE)
    for term, found in {
        f" {third.pk} ": [third],
        str(third.event_id): [third],
        third.event_id.hex.upper(): [third],
        CASE: [second, first],
        "": [third, second, first],
        "nothing": [],
        "²": [],
        "9" * 30: [],
        "0192a000-0000-7000-8000-000000000000": [],
    }.items():
        assert rows(viewer.get(LIST, {"q": term})) == [d.pk for d in found], term


def test_a_page_shows_error_and_traceback_as_they_are(viewer: Client) -> None:
    failed = made(State.DEAD, error="a\n  b <i>", traceback="Traceback:\n    <module>")
    page = viewer.get(f"{LIST}{failed.pk}/change/").content.decode()
    assert ">a\n  b &lt;i&gt;</pre>" in page
    assert ">Traceback:\n    &lt;module&gt;</pre>" in page
    assert f'href="{EVENTS}{failed.event_id}/change/"' in page
    for name in ("_save", '<input type="text"', "<textarea", "<select"):
        assert name not in page.partition('id="content"')[2]


def test_a_page_leads_to_the_actions_who_may_use_them(accounts: Any) -> None:
    delivery = made()
    link = f'href="{LIST}?q={delivery.pk}"'
    client = accounts("view_delivery")
    assert link not in client.get(f"{LIST}{delivery.pk}/change/").content.decode()
    User.objects.all().delete()
    client = accounts("change_delivery")
    assert link in client.get(f"{LIST}{delivery.pk}/change/").content.decode()
    assert rows(client.get(f"{LIST}?q={delivery.pk}")) == [delivery.pk]


def test_events_are_shown_with_envelope_deliveries_and_cause(viewer: Client) -> None:
    cause, delivery = made(), made(State.DONE, receiver="extensions.mail.send")
    content = {"version": 1, "payload": {"name": "Zoë <b>"}, "user": None}
    event = delivery.event
    LoggedEvent.objects.filter(pk=event.pk).update(
        case=CASE, username="ann", cause=cause.event_id, content=content
    )
    page = viewer.get(f"{EVENTS}{event.pk}/change/").content.decode()
    assert '\n  "payload": {\n    "name": "Zoë <b>"\n  }' in unescape(page)
    assert "Zoë <b>" not in page
    assert f'href="{EVENTS}{cause.event_id}/change/"' in page
    assert f'href="{LIST}{delivery.pk}/change/"' in page
    assert f'href="{EVENTS}?q={CASE}"' in page
    assert timezone.localtime(event.time).isoformat(" ", "seconds") in page

    cause.event.delete()
    page = viewer.get(f"{EVENTS}{event.pk}/change/").content.decode()
    assert str(cause.event_id) in page
    assert f"{EVENTS}{cause.event_id}" not in page

    for query in (CASE, "ann", str(event.pk)):
        assert [e.pk for e in viewer.get(EVENTS, {"q": query}).context["cl"].result_list] == [
            event.pk
        ]
    assert list(viewer.get(EVENTS, {"q": "bob"}).context["cl"].result_list) == []


def test_nothing_can_be_added_edited_or_deleted(admin_client: Client) -> None:
    delivery = made()
    before = Delivery.objects.values().get(), LoggedEvent.objects.values().get()
    for url, key in ((LIST, delivery.pk), (EVENTS, delivery.event_id)):
        assert admin_client.get(f"{url}add/").status_code == 403
        assert admin_client.post(f"{url}add/", {"receiver": "x"}).status_code == 403
        assert admin_client.post(f"{url}{key}/change/", {"state": "done"}).status_code == 403
        assert admin_client.get(f"{url}{key}/delete/").status_code == 403
        assert admin_client.post(f"{url}{key}/delete/", {"post": "yes"}).status_code == 403
        act(admin_client, "delete_selected", delivery, url=url, post="yes")
    assert before == (Delivery.objects.values().get(), LoggedEvent.objects.values().get())


def test_redeliver_asks_first_and_says_what_it_did(operator: Client) -> None:
    chosen = [made(state) for state in State]
    asked = act(operator, "redeliver", *chosen)
    assert "Redeliver these 5 deliveries? The receivers are called again" in text(asked)
    assert asked.content.decode().count('name="_selected_action"') == 5
    assert states() == list(State)

    answer = act(operator, "redeliver", *chosen, confirmed="yes")
    assert states() == ["pending", "running", "pending", "pending", "pending"]
    assert told(answer) == [
        ("success", "3 deliveries were redelivered."),
        ("warning", "2 deliveries were not redelivered: 1 is pending, 1 is running."),
    ]
    assert answer.redirect_chain == [(LIST, 302)]


def test_cancel_asks_first_and_says_what_it_did(operator: Client) -> None:
    chosen = [*(made(state) for state in State), made(State.DONE)]
    asked = act(operator, "cancel", *chosen)
    assert "Cancel these 6 deliveries?" in text(asked)
    assert states() == [*State, "done"]

    answer = act(operator, "cancel", *chosen, confirmed="yes")
    assert states() == ["canceled", "canceled", "done", "canceled", "canceled", "done"]
    assert told(answer) == [
        ("success", "3 deliveries were canceled."),
        ("warning", "3 deliveries were not canceled: 1 is canceled, 2 are done."),
    ]


def test_what_is_told_of_one_or_none(operator: Client, caplog: pytest.LogCaptureFixture) -> None:
    pending, dead = made(), made(State.DEAD)
    caplog.set_level("INFO", logger="workflow_events.admin")
    asked = act(operator, "redeliver", dead)
    assert "Redeliver this delivery?" in text(asked)
    assert told(act(operator, "redeliver", dead, confirmed="yes")) == [
        ("success", "1 delivery was redelivered.")
    ]
    assert told(act(operator, "redeliver", pending, confirmed="yes")) == [
        ("warning", "1 delivery was not redelivered: 1 is pending.")
    ]
    assert [r.getMessage() for r in caplog.records if r.name == "workflow_events.admin"] == [
        "redeliver: 1 deliveries, by operator",
        "redeliver: 0 deliveries, by operator",
    ]


def test_actions_take_all_that_a_filter_finds(operator: Client) -> None:
    dead = [made(State.DEAD) for _ in range(3)]
    made(State.DONE)
    url = f"{LIST}?state__exact=dead"
    asked = act(operator, "redeliver", dead[0], url=url, select_across="1")
    assert "Redeliver these 3 deliveries?" in text(asked)
    assert 'name="select_across" value="1"' in asked.content.decode()
    act(operator, "redeliver", dead[0], url=url, select_across="1", confirmed="yes")
    assert states() == ["pending", "pending", "pending", "done"]


def test_the_question_lists_no_more_than_people_read(operator: Client) -> None:
    many = deliveries(*[None] * (SHOWN + 2))
    asked = act(operator, "cancel", many[0], select_across="1")
    assert f"Cancel these {SHOWN + 2} deliveries?" in text(asked)
    assert asked.content.decode().count("to receiver</a>") == SHOWN
    assert "and 2 more" in text(asked)


def test_only_who_may_change_deliveries_has_actions(viewer: Client) -> None:
    dead = made(State.DEAD)
    assert 'name="action"' not in viewer.get(LIST).content.decode()
    for action in ("redeliver", "cancel"):
        assert told(act(viewer, action, dead, confirmed="yes")) == []
    assert states() == ["dead"]


@pytest.mark.parametrize("permissions", [(), ("view_loggedevent",)])
def test_who_may_see_no_deliveries_sees_none(accounts: Any, permissions: tuple[str, ...]) -> None:
    delivery = made(State.DEAD, receiver="extensions.mail.send")
    client = accounts(*permissions)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{delivery.pk}/change/").status_code == 403
    assert act(client, "redeliver", delivery, confirmed="yes").status_code == 403
    page = client.get(f"{EVENTS}{delivery.event_id}/change/")
    assert page.status_code == (200 if permissions else 403)
    assert "extensions.mail.send" not in page.content.decode()
    assert states() == ["dead"]


def test_who_is_no_staff_has_to_log_in(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("ann"))
    response = client.get(LIST)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/admin/login/?next={LIST}"


def statements(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def test_lists_cost_the_same_however_long_they_are(viewer: Client) -> None:
    made()
    for url in (LIST, EVENTS):
        few = len(statements(viewer, url))
        deliveries(*[None] * 20)
        many = statements(viewer, url)
        assert len(many) == few
        # Every count ends somewhere, and what only one page shows is not read.
        assert all("LIMIT" in sql for sql in many if "COUNT(" in sql)
        assert [sql for sql in many if "DISTINCT" in sql] == []
        [listed] = [sql for sql in many if " DESC" in sql]
        assert '"traceback"' not in listed
        assert '"content"' not in listed


def test_a_list_is_counted_so_far_and_no_further(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "COUNTED", 3)
    note = "Only the newest 3 are listed and counted"
    deliveries(*[None] * 3)
    assert note not in text(viewer.get(LIST))
    deliveries(*[None] * 3)
    response = viewer.get(LIST)
    assert response.context["cl"].result_count == 4
    assert note in text(response)


def test_pages_answer_under_asgi(db: None) -> None:
    get = async_to_sync(AsyncClient().get)
    response = get("/admin/login/")
    assert response.status_code == 200
    assert response.headers["X-Frame-Options"] == "DENY"
    response = get("/healthz")
    assert response.status_code == 200
    assert "X-Frame-Options" not in response.headers


QUERY = '{"query": "{ __typename allWorkflows { totalCount } }"}'


def test_a_session_is_nobody_on_the_graphql_endpoint(
    admin_client: Client, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user comes from the token alone, and no session is read."""
    from workflow_events.graphql import view

    seen = []
    identify = view._identify

    def note(request: Any) -> Any:
        refusal = identify(request)
        seen.append((request.user.username, hasattr(request, "session")))
        return refusal

    monkeypatch.setattr(view, "_identify", note)
    answers = []
    for asking in (client, admin_client):
        with CaptureQueriesContext(connection) as captured:
            response = asking.post("/graphql", QUERY, content_type="application/json")
        headers = {k: v for k, v in response.headers.items() if k != "Date"}
        answers.append((response.json(), headers, len(captured)))
    assert answers[0] == answers[1]
    assert answers[0][2] == 1
    assert answers[0][1].keys() == {
        "Content-Type",
        "Content-Length",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    }
    assert seen == [(None, False)] * 2
