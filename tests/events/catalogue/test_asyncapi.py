"""The AsyncAPI document holds together, and its schemas take what is emitted, and no more."""

import json
import re

import pytest
from django.test.utils import isolate_apps
from jsonschema import Draft7Validator

from workflow_events.events.catalogue import catalogue, describe
from workflow_events.events.catalogue.asyncapi import asyncapi_of
from workflow_events.events.catalogue.schemas import Schemas

pytestmark = pytest.mark.any_database
COMPONENT = re.compile(r"[a-zA-Z0-9_-]+")


def resolve(document, reference):
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def references(part):
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def check_document(document, names):
    """Assert what AsyncAPI 3.0.0 requires of a document, and that nothing points nowhere."""
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert [channel["address"] for channel in document["channels"].values()] == names
    for key, operation in document["operations"].items():
        assert operation["action"] == "send"
        assert operation["channel"] == {"$ref": f"#/channels/{key}"}
        channel = resolve(document, operation["channel"]["$ref"])
        [message] = operation["messages"]
        assert resolve(document, message["$ref"]) in channel["messages"].values()
    for part in document["components"].values():
        assert all(COMPONENT.fullmatch(name) for name in part)
    for message in document["components"]["messages"].values():
        headers = resolve(document, message["headers"]["$ref"])
        assert {"name", "id", "time", "cause"} <= headers["properties"].keys()
    found = list(references(document))
    assert len(found) >= 5 * len(names)
    for reference in found:
        resolve(document, reference)
    for schema in document["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def validator(document, name):
    [key] = [k for k, m in document["components"]["messages"].items() if m["name"] == name]
    payload = document["components"]["messages"][key]["payload"]
    return Draft7Validator({**payload, "components": document["components"]})


def plain(*entries):
    return asyncapi_of(entries, title="Invoices", version="1.0.0", form=Schemas)


def test_the_document_of_the_service_holds_together(shown):
    document = json.loads(shown("events", "--asyncapi", "--title", "All", "--api-version", "2"))
    assert document["info"] == {"title": "All", "version": "2"}
    check_document(document, [entry.name for entry in catalogue()])
    assert len(document["channels"]) > 32


def test_names_that_components_may_not_have_are_written_differently(invoices):
    invoices.declare()
    document = plain(*catalogue())
    check_document(document, ["post_send_invoice", "pre_send_invoice", "invoice::paid"])
    assert list(document["channels"])[-1] == "invoice__paid"
    message = document["components"]["messages"]["invoice__paid"]
    assert (message["name"], message["summary"]) == ("invoice::paid", "Somebody has paid.")
    assert "x-senders" not in message


GOOD = {
    "number": "0192a000-0000-7000-8000-000000000001",
    "amount": "12.50",
    "lines": [{"text": "a", "amount": "1", "part_of": None}],
    "level": "high",
    "note": None,
    "due": "2026-01-02T00:00:00+00:00",
    "mode": "post",
    "sizes": [[1, "cm"]],
    "counts": {"a": 1},
    "extra": {"note": "x"},
    "unknown": 17,
    "anything": [None],
}


def test_the_schema_takes_what_the_types_say(invoices):
    document = plain(describe(invoices.PostSendInvoice))
    check_document(document, ["post_send_invoice"])
    assert list(validator(document, "post_send_invoice").iter_errors(GOOD)) == []
    schemas = document["components"]["schemas"]
    assert schemas["Line"]["properties"]["part_of"] == {
        "anyOf": [{"$ref": "#/components/schemas/Line"}, {"type": "null"}]
    }
    properties = schemas["post_send_invoice-payload"]["properties"]
    assert properties["number"] == {"type": "string", "format": "uuid"}
    assert properties["amount"] == {
        "allOf": [{"type": "string", "format": "decimal"}],
        "description": "In the currency of the house; never negative.",
    }
    assert properties["unknown"] == {"description": "Unknown | None"}
    assert properties["due"]["anyOf"][0] == {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("attribute", "wrong"),
    [
        ("number", 1),
        ("lines", [{"text": "a", "amount": "1"}]),
        ("lines", [{"text": "a", "amount": "1", "part_of": 3}]),
        ("level", "LOW"),
        ("note", 1),
        ("mode", "fax"),
        ("sizes", [[1]]),
        ("sizes", [["cm", "cm"]]),
        ("counts", {"a": "b"}),
        ("extra", {"note": 1}),
    ],
)
def test_the_schema_takes_nothing_else(attribute, wrong, invoices):
    check = validator(plain(describe(invoices.PostSendInvoice)), "post_send_invoice")
    [error] = check.iter_errors({**GOOD, attribute: wrong})
    assert error.path[0] == attribute
    without = {name: value for name, value in GOOD.items() if name != attribute}
    assert [e.validator for e in check.iter_errors(without)] == ["required"]


def test_an_instance_is_its_model_and_key():
    from workflow_events.workflow.events import PostReopenCase

    document = plain(describe(PostReopenCase))
    schemas = document["components"]["schemas"]
    assert schemas["Case"]["properties"] == {
        "model": {"enum": ["workflow.Case"]},
        "pk": {"type": "string", "format": "uuid"},
    }


@isolate_apps("workflow_events.workflow")
def test_models_made_for_a_test_are_none_of_the_project():
    from workflow_events.workflow.events import PostReopenCase
    from workflow_events.workflow.models import Case

    class Dossier(Case):
        class Meta(Case.Meta):
            proxy = True
            app_label = "workflow"

    schemas = plain(describe(PostReopenCase))["components"]["schemas"]
    assert Dossier in Case.__subclasses__()
    assert schemas["Case"]["properties"]["model"] == {"enum": ["workflow.Case"]}
