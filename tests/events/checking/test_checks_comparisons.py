"""Receivers that compare their sender with a text, as they do in Caluma."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.events.checked_modules import Modules, modules_in

pytestmark = pytest.mark.any_database

HEAD = """
from django.core.signals import request_finished
from django.db.models.signals import post_save
from workflow_events.events import Event, filter_events, on
class Clerk: ...
class PostSell(Event, senders=lambda: [Clerk]): ...
class PostGive(Event): ...
class PostLend(Event, senders=lambda: [Clerk, "shop"]): ...
"""
FIRST = len(HEAD.strip().splitlines()) + 2


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Modules]:
    with modules_in(tmp_path) as found:
        yield found


COMPARED = {
    "@on(PostSell)\n@filter_events(lambda sender: sender == 'post_sell')\ndef f(): ...": (
        1,
        "'post_sell' names an event; the class of a mutation is the sender here: ",
    ),
    "@on('post_s*l')\ndef f(sender):\n    return 'shop' != sender": (
        2,
        "Compare it with a class, or say @on(…, sender=…).",
    ),
    "@on(post_save)\ndef f(sender):\n    if sender in ('page', 3): print()": (
        2,
        "with the text 'page'",
    ),
    "class Bell:\n    def ring(self, sender):\n        assert sender not in ['x']\n"
    "on(PostSell)(Bell().ring)": (2, "with the text 'x'"),
}
NOT_COMPARED = [
    "@on(PostSell)\ndef f(sender):\n    return sender.__name__ == 'x' or sender is Clerk",
    "@on(PostSell)\ndef f(sender):\n    sender = str(sender)\n    return sender == 'x'",
    "@on(PostSell)\ndef f(sender):\n    return [sender in 'text', sender == ('x',), 1 < 2 < 3]",
    "@on([PostSell, PostGive])\ndef f(sender):\n    return sender == 'x'",
    "@on(PostLend)\ndef f(sender):\n    return sender == 'shop'",
    "@on(request_finished)\ndef f(sender):\n    return sender == 'x'",
]


@pytest.mark.parametrize("code", COMPARED)
def test_a_comparison_in_vain(modules: Modules, code: str) -> None:
    found = modules.check(f"{HEAD.strip()}\n\n{code}\n")
    below, part = COMPARED[code]
    assert (found.refused, found.short) == ("", [f"W007:{FIRST + below}"]), found.lines
    assert part in found.lines[0]


@pytest.mark.parametrize("code", NOT_COMPARED)
def test_what_may_be_true(modules: Modules, code: str) -> None:
    assert modules.check(f"{HEAD.strip()}\n\n{code}\n").lines == []
