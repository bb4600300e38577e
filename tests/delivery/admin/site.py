"""How tests use the pages of the admin site."""

import re
from html import unescape
from typing import Any

from django.test import Client

from tests.delivery.deliveries import deliveries
from workflow_events.delivery.models import Delivery, State

LIST = "/admin/delivery/delivery/"
EVENTS = "/admin/delivery/loggedevent/"


def made(state: State = State.PENDING, **values: Any) -> Delivery:
    """Store a delivery in this state."""
    [delivery] = deliveries(None, state=state, **values)
    return delivery


def text(response: Any) -> str:
    """Return what a page says, without its tags."""
    assert response.status_code == 200
    main = response.content.decode().partition('id="content"')[2]
    return " ".join(unescape(re.sub(r"<wbr>|</?(a|b|span)[ >][^>]*", "", main)).split())


def act(client: Client, action: str, *chosen: Delivery, url: str = LIST, **more: str) -> Any:
    keys = [delivery.pk for delivery in chosen]
    form = {"action": action, "_selected_action": keys, **more}
    return client.post(url, form, follow=True)


def told(response: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, message.message) for message in response.context["messages"]]
