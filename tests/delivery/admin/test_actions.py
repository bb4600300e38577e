"""What can be done on the admin site, and by whom."""

from typing import Any

import pytest
from django.test import Client

from tests.delivery.admin.site import EVENTS, LIST, act, made, text, told
from tests.delivery.deliveries import deliveries, states
from workflow_events.delivery.admin.actions import SHOWN
from workflow_events.delivery.models import Delivery, LoggedEvent, State


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
