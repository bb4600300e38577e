"""The admin site: what it shows, to whom, and what its lists cost."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.admin.site import EVENTS, LIST, made, text
from tests.delivery.deliveries import deliveries
from workflow_events.delivery.admin import filters as list_filters
from workflow_events.delivery.admin import pages
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.events.declaration.identifiers import uuid7

CASE = "0192a000-0000-7000-8000-0000000000ca"


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


def rows(response: Any) -> list[int]:
    """Return the keys of the deliveries that a list shows."""
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


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
