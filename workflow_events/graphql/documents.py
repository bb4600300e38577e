"""Parsed and validated documents, kept because clients send the same few again and again."""

from collections import OrderedDict
from threading import Lock

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, parse, validate
from graphql.validation import specified_rules
from graphql.validation.rules import overlapping_fields_can_be_merged

from workflow_events.graphql.limits.document import check_document
from workflow_events.graphql.limits.introspection import NoIntrospection
from workflow_events.graphql.limits.text import check_text
from workflow_events.workflow.errors import LimitExceeded

Rules = tuple[type[ASTValidationRule], ...]

STANDARD_RULES: Rules = tuple(specified_rules)
WITHOUT_INTROSPECTION: Rules = (*STANDARD_RULES, NoIntrospection)
MAX_COMPARISONS = 50_000
"""How often validation may compare fields and fragments that are asked for in one place.

A hundred fragments side by side take 40,000. The library allows ten times as much: 0.6 s.
"""
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = MAX_COMPARISONS
MAX_DOCUMENTS = 500
MAX_CHARACTERS = 500_000
"""Of all documents that are kept: each is 200 bytes of memory at most, so these are 100 MB."""
MAX_TEXT_LENGTH = 50_000
"""Longer documents are not kept: they are rare, and each would push many others out."""
MAX_LINES = 2_000
"""Errors in documents of more lines, or of more characters than are kept, name no place in them.

The library counts lines from the beginning of the text for each error: that took 50 ms each.
"""


class InvalidDocument(Exception):
    """The text is no valid document; ``errors`` says why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class DocumentCache:
    """The documents used last, by schema, text and rules. Threads may share it."""

    def __init__(self, size: int = MAX_DOCUMENTS) -> None:
        self._size = size
        self._lock = Lock()
        self._characters = 0
        self._documents: OrderedDict[tuple[GraphQLSchema, str, Rules], DocumentNode] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, schema: GraphQLSchema, text: str, rules: Rules = STANDARD_RULES) -> DocumentNode:
        """Return the parsed and validated document.

        Raises `InvalidDocument` if it is none, and `LimitExceeded` if it asks for too much; such
        a document is not kept.
        """
        key = (schema, text, rules)
        with self._lock:
            document = self._documents.get(key)
            if document is not None:
                self._documents.move_to_end(key)
                return document
        document = parsed_and_validated(schema, text, rules)
        if len(text) <= MAX_TEXT_LENGTH:
            with self._lock:
                self._keep(key, document)
        return document

    def _keep(self, key: tuple[GraphQLSchema, str, Rules], document: DocumentNode) -> None:
        if key not in self._documents:
            self._characters += len(key[1])
        self._documents[key] = document
        while len(self._documents) > self._size or self._characters > MAX_CHARACTERS:
            (_, text, _), _ = self._documents.popitem(last=False)
            self._characters -= len(text)


def parsed_and_validated(schema: GraphQLSchema, text: str, rules: Rules) -> DocumentNode:
    """Parse and validate a document; raise `InvalidDocument` or `LimitExceeded` if that fails.

    What is cheap comes first: the limits on the text, parsing, the other limits, validation.
    """
    check_text(text)
    try:
        document = parse(text, no_location=not _has_places(text))
        check_document(schema, document)
        # Who may not see the schema is not told its names in errors either.
        errors = validate(schema, document, rules, hide_suggestions=NoIntrospection in rules)
    except GraphQLError as error:
        raise InvalidDocument([error]) from None
    except RecursionError:
        raise InvalidDocument([GraphQLError("The document is nested too deeply.")]) from None
    if errors:
        if errors[-1].message == "Validation aborted.":
            raise LimitExceeded(
                "The document repeats fields or fragments in one place so often that they cannot "
                f"be compared with each other; {MAX_COMPARISONS:,} comparisons are made at most."
            )
        raise InvalidDocument(errors)
    return document


def _has_places(text: str) -> bool:
    lines = text.count("\n") + text.count("\r")
    return len(text) <= MAX_TEXT_LENGTH and lines <= MAX_LINES
