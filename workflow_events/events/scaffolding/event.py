"""The text of a new event, and of its test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from workflow_events.events.catalogue import describe
from workflow_events.events.catalogue.text import shown_place
from workflow_events.events.declaration.event import RESERVED, declared
from workflow_events.events.scaffolding.errors import CannotWrite
from workflow_events.events.scaffolding.imports import Imports
from workflow_events.events.scaffolding.layout import fitted
from workflow_events.events.scaffolding.places import NewModule, check_name
from workflow_events.events.scaffolding.types import KNOWN, GivenType, given_type

TAKEN: Final = frozenset({"Any", "Event", "UTC"})
"""Names that the module of an event, or its test, may have already."""

MODULE: Final = '''\
"""The event {name}."""

{imports}


{definition}
    """Write here when it is emitted, by whom, and when it is not."""
{attributes}'''
TEST: Final = '''\
"""What the event {name} declares."""

{imports}


def test_it_carries_what_it_is_emitted_with() -> None:
{payload}
    with mute_all():
{emit}
    assert event.event_name == "{name}"
    assert vars(event) == {carried}
'''
REFUSED: Final = """

def test_nothing_may_be_left_out() -> None:
    with pytest.raises(TypeError, match="{first}"):
        emit({kind}, sender=emit)
"""


def names_for(given: str) -> tuple[str, str]:
    """Return the name of the event and of its class, of which either may be given.

    Raises `CannotWrite` for a name that is none, or that another event has.
    """
    check_name(given, "the name of an event")
    if given != given.lower():
        kind, name = given, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", given).lower()
    else:
        kind, name = "".join(word.capitalize() for word in given.split("_")), given
    check_name(kind, "the name of a class")
    if kind in TAKEN:
        raise CannotWrite(
            f"{given!r} cannot be the name of an event: its module or its test has something else "
            f"named {kind}."
        )
    if name in declared:
        entry = describe(declared[name])
        raise CannotWrite(
            f"There is an event {name} already, {entry.path} "
            f"({shown_place(entry.file, entry.line)}); choose another name."
        )
    return name, kind


def attributes_of(given: Sequence[str], kind: str) -> dict[str, GivenType]:
    """Return the attributes that are given as ``name:type``; raises `CannotWrite`."""
    attributes: dict[str, GivenType] = {}
    imported = {"Event": "workflow_events.events", kind: "the new module"}
    for text in given:
        name, colon, written = text.partition(":")
        if not colon:
            raise CannotWrite(f"--attribute {text}: write name:type, as in amount:Decimal.")
        check_name(name, "the name of an attribute")
        if name in RESERVED.union(attributes, KNOWN) or name.startswith("__"):
            raise CannotWrite(
                f"--attribute {text}: {name} is taken, by a type, another attribute, or what "
                f"every event has: {', '.join(sorted(RESERVED))}."
            )
        attributes[name] = given_type(written)
        for module, imported_name in attributes[name].imports:
            if imported.setdefault(imported_name, module) != module:
                raise CannotWrite(
                    f"--attribute {text}: {imported_name} is of {imported[imported_name]} already."
                )
    return attributes


def event_module(
    place: NewModule, name: str, kind: str, attributes: Mapping[str, GivenType]
) -> str:
    """Return the text of a module with one event."""
    imports = Imports(place.top)
    imports.add("workflow_events.events", "Event")
    for given in attributes.values():
        for module, imported in given.imports:
            imports.add(module, imported)
    derived = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
    own_name = [] if derived == name else [f'name="{name}"']
    lines = "".join(f"    {attribute}: {given.text}\n" for attribute, given in attributes.items())
    return MODULE.format(
        name=name,
        imports=imports,
        definition=fitted(f"class {kind}(", ["Event", *own_name], "):"),
        attributes=f"\n{lines}" if lines else "",
    )


def event_test(place: NewModule, name: str, kind: str, attributes: Mapping[str, GivenType]) -> str:
    """Return the text of its tests."""
    imports = Imports(place.top)
    imports.add("workflow_events.events", "emit")
    imports.add("workflow_events.testing", "mute_all")
    imports.add(place.module, kind)
    if attributes:
        imports.add("pytest")
        imports.add("typing", "Any")
    for attribute in attributes.values():
        for module, imported in attribute.sample_imports:
            imports.add(module, imported)
    given = ["**payload"] if attributes else []
    test = TEST.format(
        imports=imports,
        payload=_payload(attributes),
        name=name,
        emit=fitted("        event = emit(", [kind, "sender=emit", *given], ")"),
        carried="payload" if attributes else "{}",
    )
    if not attributes:
        return test.replace("None:\n\n", "None:\n")
    return test + REFUSED.format(kind=kind, first=min(attributes))


def _payload(attributes: Mapping[str, GivenType]) -> str:
    if not attributes:
        return ""
    items = [f'"{name}": {given.sample}' for name, given in attributes.items()]
    return fitted("    payload: dict[str, Any] = {", items, "}")
