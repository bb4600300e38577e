"""The page of the GraphQL API: its mutations with their events, its filters and its orders."""

from collections.abc import Mapping

from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLInputField, GraphQLInputObjectType

from docs.sections import prose, with_sections
from workflow_events.events.catalogue.markdown import table
from workflow_events.graphql import mutations
from workflow_events.graphql.filters import sets as filters
from workflow_events.graphql.mutations import Mutation
from workflow_events.graphql.ordering import sets as orders
from workflow_events.graphql.schema import schema
from workflow_events.workflow.lookups import JSONLookup

FILTER_SETS = {
    "allCases": filters.CaseFilterSet,
    "allWorkItems": filters.WorkItemFilterSet,
    "allWorkflows": filters.WorkflowFilterSet,
    "allTasks": filters.TaskFilterSet,
    "flows": filters.FlowFilterSet,
}
LOG_FILTER_SETS = {
    "allEvents": filters.EventFilterSet,
    "allDeliveries": filters.DeliveryFilterSet,
}
"""Nothing of theirs is common to all lists."""
ORDER_SETS = {
    "allCases": orders.CaseOrderSet,
    "allWorkItems": orders.WorkItemOrderSet,
    "allWorkflows": orders.WorkflowOrderSet,
    "allTasks": orders.TaskOrderSet,
    "flows": orders.FlowOrderSet,
    "allEvents": orders.EventOrderSet,
    "allDeliveries": orders.DeliveryOrderSet,
}


def graphql_page() -> str:
    """Return the page, its sections generated."""
    root = schema.graphql_schema.mutation_type
    assert root is not None
    concrete = [getattr(mutations, name[0].upper() + name[1:]) for name in root.fields]
    acting = [found for found in concrete if found.verb is not None]
    operating = [found for found in concrete if issubclass(found, mutations.OperateDeliveries)]
    designing = [found for found in concrete if found not in (*acting, *operating)]
    return with_sections(
        "graphql.md",
        {
            "mutations": "\n\n".join(map(_mutation, acting)),
            "design": "\n\n".join(map(_mutation, designing)),
            "deliveries": "\n\n".join(map(_mutation, operating)),
            "filters": "\n\n".join(
                f"{_title(name)}\n\n{_filters(own)}" for name, own in _own_filters().items()
            ),
            "lookups": table(
                ("`lookup`", "What is found"),
                [(f"`{found.name}`", found.value) for found in JSONLookup],
            ),
            "orders": table(
                ("List", "Keys of JSON", "`attribute`"),
                [
                    (f"`{name}`", _json_keys(found), _attributes(found))
                    for name, found in ORDER_SETS.items()
                ],
            ),
        },
    )


def _mutation(mutation: type[Mutation]) -> str:
    input_type = _input_type(mutation.input_type._meta.name)
    members = [
        f"`{name}: {field.type}`"
        for name, field in input_type.fields.items()
        if name != "clientMutationId"
    ]
    text = (
        f"### {mutation.__name__[0].lower()}{mutation.__name__[1:]}\n\n"
        f"{prose(mutation)}\n\nTakes {', '.join(members)}. "
        f"Returns `{to_camel_case(mutation.returns[0])}`."
    )
    return text if mutation.verb is None else f"{text}\n\n{mutation.emits()}"


def _own_filters() -> dict[str | None, dict[str, GraphQLInputField]]:
    """Return the members of each list's filters; under None those that all of them have."""
    members = _members(FILTER_SETS)
    common = set.intersection(*(set(fields) for fields in members.values())) - {"id", "ids"}
    shared = {name: field for name, field in members["flows"].items() if name in common}
    own: dict[str | None, dict[str, GraphQLInputField]] = {None: shared}
    for name, fields in members.items():
        own[name] = {member: fields[member] for member in fields if member not in common}
    return {**own, **_members(LOG_FILTER_SETS)}


def _members(
    sets: Mapping[str, type[filters.FilterSet]],
) -> dict[str, dict[str, GraphQLInputField]]:
    return {name: _input_type(found.input_type._meta.name).fields for name, found in sets.items()}


def _title(name: str | None) -> str:
    if name is None:
        return "All lists but those of events and deliveries:"
    return f"`{name}`:" if name in LOG_FILTER_SETS else f"`{name}` besides:"


def _filters(fields: dict[str, GraphQLInputField]) -> str:
    rows = [
        (f"`{name}`", f"`{field.type}`", str(field.description)) for name, field in fields.items()
    ]
    return table(("Member", "Type", "Meaning"), rows)


def _json_keys(found: type[orders.OrderSet]) -> str:
    keys = [name for name in found.keys if name != "attribute"]
    return ", ".join(f"`{to_camel_case(name)}`" for name in keys)


def _attributes(found: type[orders.OrderSet]) -> str:
    attribute = found.keys["attribute"]
    assert isinstance(attribute, orders.Attribute)
    return ", ".join(f"`{name}`" for name in attribute.fields)


def _input_type(name: str) -> GraphQLInputObjectType:
    found = schema.graphql_schema.type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    return found
