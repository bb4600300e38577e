"""The limits of a parsed document: what it amounts to when its fragments are expanded.

Each definition is walked once, and fragments are put together from what they amount to by
themselves, so that a document is measured in a time that grows with its text only. It happens
before validation, and once for each document that is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
    is_list_type,
)

from workflow_events.graphql.limits.limit import check
from workflow_events.graphql.limits.values import entries_of

ROWS_OF_A_LIST = 10
"""How many rows a list counts as, unless the document itself asks for fewer."""

_META_FIELDS = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
_DIGITS = 9
"""A number with more digits than this is large; it is not worth converting."""


@dataclass
class Amount:
    """What an operation or fragment amounts to; ``spreads`` are left to be added.

    ``entries`` are those of its longest list of filters or orders.
    A spread is the name of a fragment, the level at which it stands, and how many rows it is for.
    """

    depth: int = 0
    aliases: int = 0
    complexity: int = 0
    entries: int = 0
    spreads: list[tuple[str, int, int]] = field(default_factory=list)

    def expand(self, fragments: dict[str, "Amount"]) -> None:
        """Add the fragments that are spread; one that is missing, or not done yet, adds nothing."""
        for name, level, rows in self.spreads:
            fragment = fragments.get(name)
            if fragment is not None:
                self.depth = max(self.depth, level + fragment.depth)
                self.aliases += fragment.aliases
                self.complexity += rows * fragment.complexity


def check_document(schema: GraphQLSchema, document: DocumentNode) -> None:
    """Raise `LimitExceeded` when the document nests too deeply, or asks for too much.

    Aliases are those of all its operations; depth and complexity those of the largest.
    """
    operations, unfinished = [], {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            amount = _amount(schema, definition.selection_set, root)
            defaults = [variable.default_value for variable in definition.variable_definitions]
            amount.entries = max([amount.entries, *map(entries_of, defaults)])
            operations.append(amount)
        elif isinstance(definition, FragmentDefinitionNode):
            on = schema.get_type(definition.type_condition.name.value)
            unfinished[definition.name.value] = _amount(schema, definition.selection_set, on)
    fragments: dict[str, Amount] = {}
    for name in _innermost_first(unfinished):
        unfinished[name].expand(fragments)
        fragments[name] = unfinished[name]
    for operation in operations:
        operation.expand(fragments)
    largest = max((each.depth for each in operations), default=0)
    check(largest, "QUERY_DEPTH_LIMIT", "The document nests its selections {} levels deep")
    check(
        sum(each.aliases for each in operations),
        "QUERY_ALIAS_LIMIT",
        "The document has {} aliases",
    )
    costliest = max((each.complexity for each in operations), default=0)
    check(costliest, "QUERY_COMPLEXITY_LIMIT", "The document has a complexity of {}")
    longest = max((each.entries for each in (*operations, *unfinished.values())), default=0)
    check(longest, "QUERY_FILTER_LIMIT", "A list in the document has {} objects")


def _amount(
    schema: GraphQLSchema, selection_set: SelectionSetNode, on: GraphQLNamedType | None
) -> Amount:
    amount = Amount()
    # Not by recursion: how deep it goes is what is to be found out.
    stack = [(selection_set, on, 1, 1)]
    while stack:
        selections, parent, level, rows = stack.pop()
        amount.depth = max(amount.depth, level)
        for selection in selections.selections:
            if isinstance(selection, FragmentSpreadNode):
                amount.spreads.append((selection.name.value, level, rows))
                continue
            inner, each = parent, rows
            if isinstance(selection, FieldNode):
                amount.aliases += selection.alias is not None
                amount.complexity += rows
                for argument in selection.arguments:
                    amount.entries = max(amount.entries, entries_of(argument.value))
                definition = _definition(parent, selection.name.value)
                inner = None if definition is None else get_named_type(definition.type)
                each = rows * _rows(definition, selection)
            elif isinstance(selection, InlineFragmentNode) and selection.type_condition:
                inner = schema.get_type(selection.type_condition.name.value)
            nested = _nested(selection)
            if nested is not None:
                stack.append((nested, inner, level + 1, each))
    return amount


def _nested(selection: SelectionNode) -> SelectionSetNode | None:
    nested: SelectionSetNode | None = getattr(selection, "selection_set", None)
    return nested


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    """Return the field of the schema, or None for one that validation will not find either."""
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
        found: GraphQLField = parent.fields[name]
        return found
    return _META_FIELDS.get(name)


def _rows(definition: GraphQLField | None, node: FieldNode) -> int:
    """Return for how many rows what is selected below the field counts."""
    if definition is None:
        return 1
    if "first" in definition.args:
        asked = [_number(node, name) for name in ("first", "last")]
        return min(ROWS_OF_A_LIST, *asked)
    # The rows of a connection, its edges, are counted where the arguments are.
    returned = definition.type
    if isinstance(returned, GraphQLNonNull):
        returned = returned.of_type
    return ROWS_OF_A_LIST if is_list_type(returned) and node.name.value != "edges" else 1


def _number(node: FieldNode, name: str) -> int:
    for argument in node.arguments:
        value = argument.value
        if argument.name.value == name and isinstance(value, IntValueNode):
            return max(1, int(value.value)) if len(value.value) <= _DIGITS else ROWS_OF_A_LIST
    return ROWS_OF_A_LIST


def _innermost_first(amounts: dict[str, Amount]) -> Iterator[str]:
    """Yield the names of fragments, each after those that it spreads; a cycle is cut somewhere."""
    met: set[str] = set()
    for first, amount in amounts.items():
        if first in met:
            continue
        met.add(first)
        path = [(first, iter(amount.spreads))]
        while path:
            name, spreads = path[-1]
            for spread, _level, _rows in spreads:
                if spread in amounts and spread not in met:
                    met.add(spread)
                    path.append((spread, iter(amounts[spread].spreads)))
                    break
            else:
                path.pop()
                yield name
