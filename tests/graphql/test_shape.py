"""The schema has the shape that Caluma's clients know (api-shape.json)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from workflow_events.graphql import mutations
from workflow_events.graphql.schema import schema
from workflow_events.workflow.transitions import events_of

SHAPE: dict[str, Any] = json.loads(Path(__file__).with_name("api-shape.json").read_text())
SCHEMA = schema.graphql_schema
TYPES = {
    name: found
    for name, found in SCHEMA.type_map.items()
    if not is_introspection_type(found) and not is_specified_scalar_type(found)
}
KINDS = {
    "type": GraphQLObjectType,
    "interface": GraphQLInterfaceType,
    "input": GraphQLInputObjectType,
    "enum": GraphQLEnumType,
}

ADDED = {
    "CompleteTaskFormTask",
    "StartCaseInput",
    "StartCasePayload",
    "Mutation.startCase",
    "CaseFilterSetType.id",
    "WorkItemFilterSetType.ids",
    "WorkItemFilterSetType.rootCase",
    "WorkItemFilterSetType.workflow",
    "WorkflowFilterSetType.id",
    "WorkflowFilterSetType.ids",
    "WorkflowFilterSetType.slugs",
    "TaskFilterSetType.id",
    "TaskFilterSetType.ids",
    "FlowFilterSetType.id",
    "FlowFilterSetType.ids",
    "SaveWorkItemInput.case",
    "SaveWorkItemInput.multipleInstanceTask",
    "SaveWorkItemInput.addressedGroups",
    "SaveWorkItemInput.controllingGroups",
    "Query.allEvents",
    "Query.allDeliveries",
    "Case.events",
    "Mutation.redeliver",
    "Mutation.cancelDelivery",
    *(
        f"{name}{part}"
        for name in ("Event", "Delivery")
        for part in ("", "Edge", "Connection", "FilterSetType", "OrderSetType")
    ),
    "SortableEventAttributes",
    "SortableDeliveryAttributes",
    "DeliveryState",
    "RedeliverInput",
    "RedeliverPayload",
    "CancelDeliveryInput",
    "CancelDeliveryPayload",
    *(
        f"{definition.type.name}.explanation"
        for definition in SCHEMA.mutation_type.fields.values()
        if definition.type.name in SHAPE
    ),
}
DRY_RUN = {"dryRun": "Boolean"}
"""An argument that every mutation has, which Caluma's clients do not give."""
RELAXED = {"SaveWorkItemInput.workItem": ("ID!", "ID")}


def wanted_members() -> dict[str, Any]:
    """Every type, and every field with its type and arguments, and every value of an enum."""
    members: dict[str, Any] = {}
    for name, found in SHAPE.items():
        members[name] = (found["kind"], frozenset(found.get("interfaces", ())))
        for field, shape in found.get("fields", {}).items():
            members[f"{name}.{field}"] = (shape["type"], shape.get("args", {}))
        for value in found.get("values", ()):
            members[f"{name}.{value}"] = ("value", {})
    return members


def built_members() -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, found in TYPES.items():
        kinds = [kind for kind, known in KINDS.items() if isinstance(found, known)]
        if not kinds:
            continue  # A scalar: the shape names them only where they are used.
        interfaces = frozenset(interface.name for interface in getattr(found, "interfaces", ()))
        members[name] = (kinds[0], interfaces)
        for field, definition in getattr(found, "fields", {}).items():
            arguments = {
                argument: str(one.type) for argument, one in getattr(definition, "args", {}).items()
            }
            members[f"{name}.{field}"] = (str(definition.type), arguments)
        for value in getattr(found, "values", {}):
            members[f"{name}.{value}"] = ("value", {})
    return members


def of_added_type(member: str) -> bool:
    return member.partition(".")[0] in ADDED


def test_every_member_of_the_shape_is_there_and_equal():
    wanted, built = wanted_members(), built_members()
    for member, (theirs, ours) in RELAXED.items():
        assert wanted[member][0] == theirs
        wanted[member] = (ours, wanted[member][1])
    for member, (type_, arguments) in wanted.items():
        if member.startswith("Mutation."):
            wanted[member] = (type_, {**arguments, **DRY_RUN})

    assert {name: built.get(name) for name in wanted} == wanted


def test_what_is_added_is_listed():
    more = set(built_members()) - set(wanted_members())

    assert {member for member in more if not of_added_type(member)} | (ADDED & more) == ADDED


@pytest.mark.parametrize("name", [*SCHEMA.mutation_type.fields])
def test_a_mutation_says_what_it_emits(name):
    mutation = getattr(mutations, name[0].upper() + name[1:])
    *_, said = SCHEMA.mutation_type.fields[name].description.split("\n\n")

    if mutation.verb is None:
        assert said == "Emits nothing."
        return
    assert re.findall("`([a-z_]+)`", said) == [e.event_name for e in events_of(mutation.verb)]
    assert ("changing what exists emits nothing" in said) == (name in {"saveCase", "saveWorkItem"})


def test_no_member_of_an_input_has_a_default():
    defaults = [
        f"{name}.{field}"
        for name, found in TYPES.items()
        if isinstance(found, GraphQLInputObjectType)
        for field, definition in found.fields.items()
        if definition.default_value is not None and repr(definition.default_value) != "Undefined"
    ]
    assert defaults == []


def test_everything_has_a_description():
    silent = []
    for name, found in TYPES.items():
        if not found.description:
            silent.append(name)
        for field, definition in getattr(found, "fields", {}).items():
            if not definition.description:
                silent.append(f"{name}.{field}")
            silent += [
                f"{name}.{field}({argument})"
                for argument, one in getattr(definition, "args", {}).items()
                if not one.description
            ]
        silent += [
            f"{name}.{value}"
            for value, definition in getattr(found, "values", {}).items()
            if not definition.description
        ]
    assert silent == []
