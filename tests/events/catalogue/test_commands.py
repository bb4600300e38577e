"""`events` and `receivers`, as people and as programs read them."""

import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models.signals import post_delete

from workflow_events.events import Event, on
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database
WIDTH = 100


def test_all_events_are_a_line_each(invoices, shown):
    invoices.declare()
    assert shown("events").splitlines() == [
        "post_send_invoice  An invoice was sent.",
        "pre_send_invoice",
        "invoice::paid      Somebody has paid.",
    ]


def test_an_event_is_shown_with_all_that_it_declares(invoices, shown):
    lines = shown("events", "post_send_invoice").splitlines()
    assert lines[:8] == [
        "post_send_invoice",
        "    An invoice was sent.",
        "",
        "    **Not** emitted for drafts.",
        "",
        "    arguments   number    UUID",
        "                amount    Decimal  In the currency of the house; never negative.",
        "                lines     list[Line]",
    ]
    assert "                note      str | None = None" in lines
    assert "    senders     Clerk" in lines
    assert "    class       tests.events.catalogue.invoices.PostSendInvoice" in lines
    assert any(line.startswith("    declared    ") for line in lines)
    assert lines[-1] == "    background  in the order of its case"
    assert max(map(len, lines)) <= WIDTH


def test_a_pattern_shows_several(invoices, shown):
    text = shown("events", "*_send_invoice")
    assert "\n\npre_send_invoice\n    (It has no docstring.)\n" in text


def test_every_event_of_the_service_fits_the_screen(shown):
    lines = [*shown("events").splitlines(), *shown("events", "*").splitlines()]
    assert max(map(len, lines)) <= WIDTH
    assert "\x1b" not in "".join(lines)


def test_events_as_json(invoices, shown):
    [first, second] = json.loads(shown("events", "--json"))["events"]
    assert list(first) == [
        "name",
        "class",
        "file",
        "line",
        "doc",
        "arguments",
        "senders",
        "bases",
        "by_case",
        "by_pattern",
        "former_names",
    ]
    assert first["arguments"][1] == {
        "name": "amount",
        "type": "Decimal",
        "required": True,
        "default": None,
        "doc": "In the currency of the house;\nnever negative.",
    }
    assert first["arguments"][6]["default"] == "'mail'"
    assert second["name"] == "pre_send_invoice"
    assert second["senders"] == ["tests.events.catalogue.invoices.Clerk"]


def test_events_as_markdown(invoices, shown):
    text = shown("events", "pre_send_invoice", "--markdown", "--title", "Invoices")
    assert text == (
        "# Invoices\n\n## pre_send_invoice\n\nClass `PreSendInvoice`, sent by `Clerk`.\n\n"
        "| Argument | Type |\n| --- | --- |\n| `number` | `UUID` |\n"
    )
    full = shown("events", "post_send_invoice", "--markdown")
    assert "| `amount` | `Decimal` | In the currency of the house; never negative. |" in full
    assert "| `note` | `str &#124; None`, default `None` |  |" in full


def test_receivers_stand_in_the_order_in_which_they_run(listened, shown):
    lines = shown("receivers", "post_send_invoice").splitlines()
    prefix = "tests.events.catalogue.invoices."
    local = f"{prefix}register.<locals>."
    places = [line for line in lines if "invoices.py:" in line and "only if" not in line]
    assert len(places) == 5
    assert [line for line in lines if line not in places] == [
        "post_send_invoice",
        "  in the transaction:",
        f"   1. {local}Archive.handle",
        "      written as Listener, order=-1, async",
        f"   2. {prefix}book",
        f"   3. {local}check",
        "      only if over(limit=100)",
        next(line for line in lines if line.startswith("      only if <lambda> (")),
        "      sender=Clerk, order=2, raise_exception=True, atomic=False, dry_run=False",
        "  after COMMIT:",
        f"   4. {local}tell",
        "      order=-5",
        "  in the background:",
        f"   5. {local}mail",
        "      hears 'post_send_*', name='mail'",
    ]
    assert max(map(len, lines)) <= WIDTH


def test_the_line_of_a_receiver_is_where_it_is_defined(listened, shown):
    [event] = json.loads(shown("receivers", "post_send_invoice", "--json"))["events"]
    [book] = [r for r in event["receivers"] if r["name"].endswith(".book")]
    assert book["file"] == listened.__file__
    text = Path(book["file"]).read_text().splitlines()
    assert text[book["line"] - 1] == "def book(number: UUID) -> None:"


def test_receivers_as_json(listened, shown):
    [event] = json.loads(shown("receivers", "post_send_invoice", "--json"))["events"]
    assert (event["name"], event["kind"]) == ("post_send_invoice", "event")
    archive, _, check, tell, mail = event["receivers"]
    assert [r["delivery"] for r in event["receivers"]] == [
        "transaction",
        "transaction",
        "transaction",
        "commit",
        "background",
    ]
    assert (archive["written_as"], archive["async"], archive["order"]) == ("Listener", True, -1)
    assert archive["listens_to"] == ["post_send_invoice", "pre_send_invoice"]
    assert check["senders"] == ["tests.events.catalogue.invoices.Clerk"]
    assert [condition["shown"] for condition in check["filters"]] == ["over(limit=100)", "<lambda>"]
    assert tell["background"] is None
    assert mail["background"] == {
        "name": "mail",
        "order_by": "case",
        "time_limit": 300.0,
        "takes_gone": False,
        "retry": {"attempts": 12, "base": 2.0, "max": 3600.0, "on": ["builtins.Exception"]},
    }


def test_without_a_name_all_that_have_receivers_are_shown(listened, shown):
    on(post_delete)(lambda instance: None)
    names = [e["name"] for e in json.loads(shown("receivers", "--json"))["events"]]
    assert names == [
        "post_send_invoice",
        "pre_send_invoice",
        "django.db.models.signals.post_delete",
    ]


def test_a_signal_is_named_by_its_path(listened, shown):
    path = "django.db.models.signals.post_delete"
    assert shown("receivers", path) == f"{path}\n    Nobody listens.\n"
    on(post_delete, order=3)(lambda instance: None)
    assert "      order=3\n" in shown("receivers", path)
    assert json.loads(shown("receivers", path, "--json"))["events"][0]["kind"] == "signal"


def test_nobody_listens(invoices, shown):
    assert shown("receivers", "pre_send_invoice") == "pre_send_invoice\n    Nobody listens.\n"
    assert shown("receivers").startswith("There are no receivers")


def test_names_are_coloured_where_that_is_wanted(invoices, shown):
    plain, coloured = shown("events"), shown("events", "--force-color")
    assert coloured != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert shown("receivers", "pre_send_invoice", "--force-color").startswith("\x1b[")


@pytest.mark.parametrize("command", ["events", "receivers"])
def test_an_unknown_event_is_an_error(command, invoices, capsys):
    with pytest.raises(CommandError, match="did you mean post_send_invoice or pre_send_invoice"):
        call_command(command, "post_sent_invoice")
    with pytest.raises(CommandError, match="There is no event or signal"):
        call_command("receivers", "django.no.such_signal")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("form", "shown_as"), [([], "Stra?e"), (["--json"], "Stra\\u00dfe")], ids=["text", "json"]
)
def test_an_output_that_is_not_unicode_is_no_error(form, shown_as, monkeypatch):
    with registry.scoped():

        class Paved(Event):
            """Straße."""

        output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr("sys.stdout", output)
        call_command("events", "paved", *form)
    monkeypatch.undo()
    assert shown_as in output.buffer.getvalue().decode("ascii")
