"""Order by the value that a JSON column has at a key."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, F, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler

from workflow_events.workflow.lookups.json_rules import parse
from workflow_events.workflow.lookups.json_values import SQL, TEXT, VALUE

NUMBER, STRING, FALSE, TRUE, LIST, OBJECT = range(6)
# Between which a decimal's exponent lies, with much room: 0 for the smallest.
EXPONENTS: Final = 500_000
NINES: Final = str.maketrans("0123456789", "9876543210")


def json_order(field: str, key: str) -> "list[JSONPart]":
    """Return what to order by, for the value that a JSON column has at this key.

    Numbers come first, by size; then texts, by codepoint; then false and true; then lists, all
    equal, and objects, all equal. Null, where there is no value: no object, no key, or null.
    """
    return [Rank(field, key), Number(field, key), Text(field, key)]


class JSONPart(Func):
    """One thing to order by; a subclass says how PostgreSQL has it, and who computes it on SQLite.

    On SQLite its ``function`` is called with the column and the key.
    """

    postgresql: ClassVar[str]

    def __init__(self, field: str, key: str) -> None:
        super().__init__(F(field))
        self.key = key

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Call the function."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"{self.function}({column}, %s)", (*params, self.key)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Compute it from the value."""
        column, params = compiler.compile(self.source_expressions[0])
        sql = self.postgresql.format(column=column)
        return sql, (*params, self.key) * self.postgresql.count("%s")


class Rank(JSONPart):
    """The place of the value's type among types."""

    function = "json_rank"
    output_field = IntegerField()
    postgresql = (
        f"CASE jsonb_typeof({VALUE}) WHEN 'number' THEN {NUMBER} WHEN 'string' THEN {STRING}"
        f" WHEN 'boolean' THEN CASE WHEN {VALUE} = 'true' THEN {TRUE} ELSE {FALSE} END"
        f" WHEN 'array' THEN {LIST} WHEN 'object' THEN {OBJECT} END"
    )


class Number(JSONPart):
    """The value where it is a number: as it is, or as a text that sorts in its place."""

    function = "json_number"
    output_field = CharField()
    postgresql = f"CASE jsonb_typeof({VALUE}) WHEN 'number' THEN {VALUE} END"


class Text(JSONPart):
    """The value where it is a text."""

    function = "json_text"
    output_field = CharField()
    postgresql = f"CASE jsonb_typeof({VALUE}) WHEN 'string' THEN {TEXT} END COLLATE \"C\""


def _value(column: str, key: str) -> Any:
    stored = parse(column)
    return stored.get(key) if isinstance(stored, dict) else None


def json_rank(column: str, key: str) -> int | None:
    """Do for SQLite what `Rank` says."""
    value = _value(column, key)
    if isinstance(value, bool):
        return TRUE if value else FALSE
    ranks = {Decimal: NUMBER, str: STRING, list: LIST, dict: OBJECT}
    return ranks.get(type(value))


def json_text(column: str, key: str) -> str | None:
    """Do for SQLite what `Text` says."""
    value = _value(column, key)
    return value if isinstance(value, str) else None


def json_number(column: str, key: str) -> str | None:
    """Do for SQLite what `Number` says, as its own numbers hold no more than 64 bits."""
    value = _value(column, key)
    return sortable(value) if isinstance(value, Decimal) else None


def sortable(number: Decimal) -> str:
    """Return a text for a decimal; texts have the order of their numbers.

    That is: the sign, the exponent and the digits; for negative ones all of them turned round,
    and an end that is greater than any digit, as there -1 is greater than -1.5.
    """
    if not number:
        return "1"
    digits = "".join(map(str, number.as_tuple().digits)).lstrip("0").rstrip("0")
    magnitude = f"{number.adjusted() + EXPONENTS:07d}{digits}"
    return f"2{magnitude}" if number > 0 else f"0{magnitude.translate(NINES)}~"
