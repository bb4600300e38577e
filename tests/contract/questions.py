"""Every question that the schema lets a client ask, made from the schema itself.

What is new in the schema is asked by itself. Where the walk does not know what to give for a type
of argument, it fails, so that it is taught.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from tests.contract.secret_history import DELIVERIES, EVENTS
from tests.contract.secret_world import (
    CASES,
    ITEMS,
    LONG_AGO,
    SECRET,
    SECRET_MOMENT,
    TASKS,
    TWIN,
    WORKFLOWS,
)
from workflow_events.graphql import ids, mutations
from workflow_events.graphql.mutations.members import Slug
from workflow_events.graphql.schema import schema

SCHEMA = schema.graphql_schema
PAGING = {"offset", "before", "after", "first", "last"}
KEYS: dict[ids.Kind, list[str]] = {
    ids.CASE: [str(key) for key in CASES.values() if key not in TWIN],
    ids.WORK_ITEM: [str(key) for key in ITEMS.values() if key not in TWIN],
    ids.WORKFLOW: list(WORKFLOWS),
    ids.TASK: list(TASKS),
    ids.FLOW: [str(CASES["missing"])],
    ids.EVENT: [str(key) for key in EVENTS.values()],
    ids.DELIVERY: [str(key) for key in DELIVERIES.values()],
}
GLOBAL_IDS = [ids.to_global_id(kind.name, key) for kind, keys in KEYS.items() for key in keys]
LOOKUPS = ("EXACT", "STARTSWITH", "CONTAINS", "ICONTAINS", "GTE", "GT", "LTE", "LT")
TEXTS = [SECRET, "clerk", "k", "w", "a"]
CANDIDATES: dict[str, list[Any]] = {
    "ID": [
        *(str(CASES[name]) for name in ("root", "child", "alone", "orphan", "missing")),
        *(str(ITEMS[name]) for name in ("waits", "inner", "missing")),
        *(str(EVENTS[name]) for name in ("of_root", "of_child", "unlogged")),
        *(str(DELIVERIES[name]) for name in ("of_root", "of_alone")),
        "w",
        "b",
    ],
    "String": TEXTS,
    "Boolean": [True, False],
    "DateTime": [moment.isoformat() for moment in (LONG_AGO, SECRET_MOMENT)],
    "JSONValueFilterType": [
        *({"key": "k", "value": [SECRET], "lookup": mode} for mode in ("IN", "INTERSECTS")),
        *({"key": "k", "value": SECRET, "lookup": mode} for mode in LOOKUPS),
        {"key": "orphan", "value": "orphan"},
    ],
}


VALUES = {"String": "x", "FlowJexl": "'b'|task"}
"""What to give for required members that are no ids."""


@dataclass(frozen=True)
class Question:
    """A field with arguments below a root field, and what it is asked for."""

    label: str
    field: str
    """The field and its arguments; ``$v`` stands for the value."""
    selection: str
    on: str
    """The type that the selection is of."""
    type: str = ""
    value: Any = None
    below: str | None = None
    """The root connection whose nodes have the field."""


def everything(type_: Any, depth: int) -> str:
    """Return the selection of all fields of a type; nodes nest so deep, and then show their id."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInterfaceType):
        parts = [
            f"... on {one.name} {everything(one, depth)}"
            for one in SCHEMA.get_possible_types(named)
        ]
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(named, GraphQLObjectType), named
    selected = ["__typename"]
    for name, found in named.fields.items():
        # Fragments of several types must not call fields of different types alike.
        field = name if name == "id" else f"{name}Of{named.name}: {name}"
        if is_leaf_type(get_named_type(found.type)):
            selected.append(field)
        elif depth > 0 or not _is_node(found.type):
            selected.append(f"{field} {everything(found.type, depth - _is_node(named))}")
    return f"{{ {' '.join(selected)} }}"


def _is_node(type_: Any) -> bool:
    return "id" in get_named_type(type_).fields


def _is_connection(named: Any) -> bool:
    return "edges" in named.fields


def node_type_of(connection: GraphQLField) -> Any:
    """Return the type of the nodes of a connection field, or None."""
    named = get_named_type(connection.type)
    if isinstance(named, GraphQLObjectType) and _is_connection(named):
        edge = get_named_type(named.fields["edges"].type)
        return get_named_type(edge.fields["node"].type)
    return None


def lists() -> Iterator[tuple[str | None, str, GraphQLField]]:
    """Yield every connection field with the root connection that it is below, if any."""
    roots = {node_type_of(found).name: name for name, found in _roots() if node_type_of(found)}
    for name, found in _roots():
        if node_type_of(found):
            yield None, name, found
    for parent, root in roots.items():
        for name, found in SCHEMA.type_map[parent].fields.items():
            if node_type_of(found):
                yield root, name, found


def _roots() -> Iterator[tuple[str, GraphQLField]]:
    assert SCHEMA.query_type is not None
    yield from SCHEMA.query_type.fields.items()


def connections_without_a_way() -> list[str]:
    """Return connection fields of types that no root lists, so that nothing asks for them."""
    known = {(get_named_type(found.type).name, name) for _, name, found in lists()}
    return [
        f"{parent.name}.{name}"
        for parent in SCHEMA.type_map.values()
        if isinstance(parent, GraphQLObjectType)
        for name, found in parent.fields.items()
        if node_type_of(found) and (get_named_type(found.type).name, name) not in known
    ]


def list_names(argument: str) -> list[str]:
    """Return the lists that have this argument, as "allCases.workItems" where they are nested."""
    return [
        f"{root}.{name}" if root else name
        for root, name, found in lists()
        if argument in found.args
    ]


def questions_of(argument: str, list_name: str) -> Iterator[Question]:
    """Yield a question for every member, and value, of the filters or orders of a list."""
    for root, name, found in lists():
        if list_name != (f"{root}.{name}" if root else name):
            continue
        type_ = found.args[argument].type
        entry_type = get_named_type(type_)
        assert isinstance(entry_type, GraphQLInputObjectType)
        for member, value in _entries(entry_type):
            for more in _variants(argument):
                entry = {member: value, **more}
                said = ", ".join(f"{key}: {shown}" for key, shown in entry.items())
                yield Question(
                    label=f"{list_name}({argument}: {said})",
                    field=f"{name}({argument}: $v)",
                    selection="{ totalCount pageInfo { hasNextPage startCursor endCursor }"
                    " edges { cursor node { __typename ... on Node { id } } } }",
                    on=get_named_type(found.type).name,
                    type=str(type_),
                    value=[entry],
                    below=root,
                )


def _variants(argument: str) -> list[dict[str, Any]]:
    if argument == "filter":
        return [{}, {"invert": True}]
    return [{"direction": "ASC"}, {"direction": "DESC"}]


def _entries(entry_type: GraphQLInputObjectType) -> Iterator[tuple[str, Any]]:
    for member, found in entry_type.fields.items():
        if member not in ("invert", "direction"):
            for value in candidates(found.type):
                yield member, value


def candidates(type_: Any) -> list[Any]:
    """Return what to try for an input type."""
    nullable = get_nullable_type(type_)
    if isinstance(nullable, GraphQLList):
        return [[value] for value in candidates(nullable.of_type)]
    if isinstance(nullable, GraphQLEnumType):
        return list(nullable.values)
    return CANDIDATES[nullable.name]


def nodes() -> Iterator[Question]:
    """Yield a question for every object by its global id."""
    assert SCHEMA.query_type is not None
    selection = everything(SCHEMA.query_type.fields["node"].type, 1)
    for key in GLOBAL_IDS:
        yield Question(f"node({key})", "node(id: $v)", selection, "Node", "ID!", key)


def root_questions(depth: int = 2) -> Iterator[Question]:
    """Yield a question for every root field, for all that is below it so deep."""
    for name, found in _roots():
        if not any(is_required_argument(argument) for argument in found.args.values()):
            on = get_named_type(found.type).name
            yield Question(name, name, everything(found.type, depth), on)


def mutation_names() -> list[str]:
    """Return the mutations of the schema."""
    assert SCHEMA.mutation_type is not None
    return list(SCHEMA.mutation_type.fields)


def mutation_questions(name: str) -> Iterator[Question]:
    """Yield a question for choices of ids in the input of a mutation.

    Optional ones are left out, or given by themselves and in pairs.
    """
    assert SCHEMA.mutation_type is not None
    found = SCHEMA.mutation_type.fields[name]
    # Whom a dry run is granted may learn more, and nobody here is (access.md).
    assert set(found.args) == {"input", "dryRun"}
    choices = _choices(name, get_nullable_type(found.args["input"].type))
    optional = {member for member, values in choices.items() if None in values}
    for chosen in itertools.product(*choices.values()):
        given = {
            key: value for key, value in zip(choices, chosen, strict=True) if value is not None
        }
        if optional and given.keys() >= optional:
            continue
        yield Question(
            label=f"{name}({given})",
            field=f"{name}(input: $v)",
            selection=everything(found.type, 1),
            on=get_named_type(found.type).name,
            type=str(found.args["input"].type),
            value=given,
        )


def _choices(name: str, input_type: Any) -> dict[str, list[Any]]:
    """Return what to give for each member: ids of its kind, and a value for required others."""
    assert isinstance(input_type, GraphQLInputObjectType)
    members = getattr(mutations, name[0].upper() + name[1:]).members
    named = dict(zip(input_type.fields, members.values(), strict=False))
    choices: dict[str, list[Any]] = {}
    for member, given in input_type.fields.items():
        declared = named.get(member)
        required = is_required_input_field(given)
        if declared is None or declared.kind is None:
            type_name = get_named_type(given.type).name
            assert type_name != "ID", f"teach the walk {name}.{member}"
            if required:
                choices[member] = [VALUES[type_name]]
            continue
        keys: list[Any] = list(KEYS[declared.kind])
        if isinstance(get_nullable_type(given.type), GraphQLList):
            keys = [[key] for key in keys]
        if isinstance(declared, Slug):
            keys.append("new")
        choices[member] = keys if required else [None, *keys]
    return choices
