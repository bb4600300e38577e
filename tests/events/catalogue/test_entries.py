"""The catalogue says what the declarations say."""

import ast
from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from workflow_events.events import Event
from workflow_events.events.catalogue import NoSuchEvent, catalogue, describe, events_named
from workflow_events.workflow.events import PostCompleteWorkItem

pytestmark = pytest.mark.any_database


def test_events_come_in_the_order_of_their_declaration(invoices):
    invoices.declare()
    names = ["post_send_invoice", "pre_send_invoice", "invoice::paid"]
    assert [entry.name for entry in catalogue()] == names


def test_it_says_all_that_a_class_declares(invoices):
    entry = describe(invoices.PostSendInvoice)
    assert entry.path == f"{invoices.__name__}.PostSendInvoice"
    assert Path(entry.file) == Path(invoices.__file__)
    text = Path(entry.file).read_text().splitlines()
    assert text[entry.line - 1] == "class PostSendInvoice(InvoiceEvent):"
    assert entry.doc == "An invoice was sent.\n\n**Not** emitted for drafts."
    assert entry.summary == "An invoice was sent."
    assert entry.senders == (invoices.Clerk,)
    assert entry.bases == (f"{invoices.__name__}.InvoiceEvent",)
    assert (entry.abstract, entry.by_case, entry.by_pattern) == (False, True, True)
    assert entry.former_names == ()
    assert not describe(invoices.PreSendInvoice).by_case  # nobody gets it in the background
    with pytest.raises(FrozenInstanceError):
        entry.name = "other"


def test_arguments_have_types_defaults_and_texts(invoices):
    arguments = describe(invoices.PostSendInvoice).arguments
    assert [(argument.name, argument.type) for argument in arguments] == [
        ("number", "UUID"),
        ("amount", "Decimal"),
        ("lines", "list[Line]"),
        ("level", "Level"),
        ("note", "str | None"),
        ("due", "datetime | None"),
        ("mode", "Literal['mail', 'post']"),
        ("sizes", "tuple[Size, ...]"),
        ("counts", "dict[str, int]"),
        ("extra", "Extra | None"),
        # It is imported for type checkers only.
        ("unknown", "Unknown | None"),
        ("anything", "Any"),
    ]
    assert [argument.name for argument in arguments if argument.required] == [
        "number",
        "amount",
        "lines",
    ]
    assert {a.name: a.default for a in arguments if a.name in ("level", "counts")} == {
        "level": invoices.Level.LOW,
        "counts": {},
    }
    assert {a.name: a.doc for a in arguments if a.doc} == {
        "amount": "In the currency of the house;\nnever negative."
    }
    assert arguments[0].annotation is UUID
    assert arguments[10].annotation == "Unknown | None"


def test_an_event_by_its_name_is_described_like_a_class(invoices):
    invoices.declare()
    [entry] = events_named("invoice::paid")
    assert (entry.event.__name__, entry.doc, entry.senders) == (
        "InvoicePaid",
        "Somebody has paid.",
        None,
    )
    assert [(a.name, a.annotation, a.required, a.default) for a in entry.arguments] == [
        ("amount", Decimal, True, None),
        ("part", int, False, 1),
    ]
    text = Path(entry.file).read_text().splitlines()
    assert text[entry.line - 1].startswith('    declare_event("invoice::paid"')


def test_an_abstract_event_is_described_but_not_listed(invoices):
    entry = describe(invoices.InvoiceEvent)
    assert (entry.name, entry.abstract) == ("", True)
    assert entry.event not in [one.event for one in catalogue()]


def test_nothing_is_inherited_from_the_docstring_of_the_base(invoices):
    assert describe(invoices.PreSendInvoice).doc == ""
    assert describe(invoices.PreSendInvoice).summary == ""


def test_a_class_without_a_file_is_described_as_far_as_it_goes():
    namespace = {"__name__": "nowhere"}
    code = "from workflow_events.events import Event\nclass Typed(Event):\n    part: 'Nothing'"
    exec(compile(code, "<prompt>", "exec"), namespace)
    entry = describe(namespace["Typed"])
    assert (entry.file, entry.line, entry.path) == ("", 2, "nowhere.Typed")
    assert [(a.name, a.type, a.doc) for a in entry.arguments] == [("part", "Nothing", "")]


def test_texts_of_a_class_in_another_one_or_in_a_function_are_its_own():
    class Outer:
        class Told(Event, abstract=True):
            part: int
            """Of the class in a class."""

    class Told(Event, abstract=True):
        part: int
        """Of the class in a function."""

    docs = [describe(event).arguments[0].doc for event in (Outer.Told, Told)]
    assert docs == ["Of the class in a class.", "Of the class in a function."]


def test_a_file_is_read_once_for_all_its_classes(invoices, monkeypatch):
    events = [type(f"Event{n}", (PostCompleteWorkItem,), {}, abstract=True) for n in range(20)]
    parsed, parse = [], ast.parse
    monkeypatch.setattr(ast, "parse", lambda source: parsed.append(source) or parse(source))
    for event in events:
        describe(event)
    assert len(parsed) <= len({base.__module__ for base in events[0].__mro__})


def test_the_former_names_of_an_event_are_known():
    entry = describe(PostCompleteWorkItem)
    assert entry.former_names == ("completed_work_item",)
    [found] = events_named("completed_work_item")
    assert found == entry


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("post_send_invoice", ["post_send_invoice"]),
        ("PostSendInvoice", ["post_send_invoice"]),
        ("tests.events.catalogue.invoices.PostSendInvoice", ["post_send_invoice"]),
        ("p*_send_invoice", ["post_send_invoice", "pre_send_invoice"]),
    ],
)
def test_events_are_found_by(wanted, names, invoices):
    assert [entry.name for entry in events_named(wanted)] == names


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("post_send_invoices", "did you mean post_send_invoice or pre_send_invoice?"),
        ("POST_SEND_INVOICE", "did you mean post_send_invoice or pre_send_invoice?"),
        ("zzz_*", "`events` lists those there are."),
    ],
)
def test_an_unknown_name_is_an_error_with_those_that_are_like_it(wanted, hint, invoices):
    with pytest.raises(NoSuchEvent) as refused:
        events_named(wanted)
    assert str(refused.value) == f"There is no event {wanted!r}; {hint}"


def test_an_annotation_that_nobody_can_read_is_shown_as_it_is_written():
    class Odd(Event, abstract=True):
        part: "1 +"  # noqa: F722
        other: "list[Nobody]"  # noqa: F821

    assert [argument.type for argument in describe(Odd).arguments] == ["1 +", "list[Nobody]"]
